//! One `agent VERB web`, from its start to its line in the account.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use lab::agent::{Agent, Ended, Running};
use lab::peak::Peaks;
use lab::report::Report;
use lab::site::Host;

/// More than all limits of one operation together.
const LIMIT: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(5);

pub struct Operation<'a> {
    pub host: &'a Host,
    pub verb: &'static str,
    pub started: Instant,
    running: Running,
}

impl<'a> Operation<'a> {
    pub fn start(
        host: &'a Host,
        agent: &Agent,
        verb: &'static str,
        options: &[&str],
        peaks: &Peaks,
    ) -> Operation<'a> {
        let running = agent.start_words(&[&[verb, "web", "--json"], options].concat());
        peaks.look_at(running.pid());
        Operation {
            host,
            verb,
            started: Instant::now(),
            running,
        }
    }

    /// Waits so long, or until it has ended. True: it still runs.
    pub fn runs_after(&mut self, time: Duration) -> bool {
        let from = Instant::now();
        while self.running.is_running() {
            if from.elapsed() >= time {
                return true;
            }
            sleep(LOOK);
        }
        false
    }

    /// Waits until it is in this phase, or has ended. True: it is in this phase.
    pub fn comes_to(&mut self, phase: &str) -> bool {
        while self.running.is_running() {
            if self.host.journal_phase().as_deref() == Some(phase) {
                return true;
            }
            sleep(LOOK);
        }
        false
    }

    /// Sends a signal after a while, if it still runs then. Returns the detail for its line.
    pub fn cut(&mut self, signal: Signal, after: Duration) -> String {
        if !self.runs_after(after) {
            return format!("{signal} came too late");
        }
        let phase = self.phase();
        self.running.interrupt(signal);
        format!("{phase}: {signal}")
    }

    /// The phase in its journal.
    pub fn phase(&mut self) -> String {
        match self.host.journal_phase() {
            Some(phase) => phase,
            None if self.running.is_running() => "preflight".to_owned(),
            None => "over".to_owned(),
        }
    }

    /// Waits for its end. Returns its seconds. None: it hung, and was killed.
    pub fn end(mut self) -> Option<(Ended, f64)> {
        let is_stuck = self.runs_after(LIMIT);
        if is_stuck {
            self.running.interrupt(Signal::SIGKILL);
        }
        let ended = self.running.wait();
        let seconds = self.started.elapsed().as_secs_f64();
        (!is_stuck).then_some((ended, seconds))
    }
}

/// The report, if there is one.
pub fn report(ended: &Ended) -> Option<Report> {
    serde_json::from_str(&ended.out).ok()
}

/// Whether a notice or the message contains these words.
pub fn says(ended: &Ended, what: &str) -> bool {
    ended.out.contains(what)
}
