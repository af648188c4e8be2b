//! One operation on one app: lock, begin, journal, drive, report. What the command line asks
//! for and what the sidecar does by itself are the same.

mod begin;
mod beside;
mod describe;
mod held;
mod lock;
mod looks;
mod plan;
mod remember;
mod report;
mod shares;

pub use describe::describe;
pub use plan::found;
pub use remember::Unwritten;
pub use report::{BalancerReport, GateReport, Report};
pub use shares::{Before, Shares};

use crate::clock::since_1970;
use crate::config::{AppSettings, Settings};
use crate::driver::{Host, Progress, drive};
use crate::history::Watched;
use crate::holder::Holder;
use crate::host::ThisHost;
use crate::journal::{Entry, Journal};
use crate::record::{PhaseRecord, seconds};
use crate::restart::{Limits, Outcome, Refusal, Start, Verb};
use crate::state::{self, Kept};
use crate::stop::Stop;
use crate::tally::{Done, Tally};
use remember::By;
use std::path::Path;
use std::time::{Duration, Instant};

/// What was asked for.
pub struct Operation<'a> {
    /// What.
    pub verb: Verb,
    /// The whole configuration.
    pub settings: &'a Settings,
    /// The app, with the limits to go by.
    pub app: &'a AppSettings,
    /// Change nothing, say what would be done.
    pub dry_run: bool,
    /// For whom and how long gates are closed.
    pub wish: Wish,
    /// The sidecar's: HAProxy is not asked before gates are opened, and nobody waits for UP.
    pub hasty: bool,
    /// The sidecar's: why the try before failed. The history has that once.
    pub again: Option<String>,
}

/// For whom, why and how long gates are closed; whose gates are opened; and how long this
/// host's turn is waited for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// None: an operator.
    pub owner: Option<String>,
    /// In the operator's words.
    pub reason: Option<String>,
    /// None: until somebody opens them.
    pub lasts: Option<Duration>,
    /// None: the configuration's, and refused where the preflight finds too few others.
    pub turn: Option<Duration>,
    /// What a restart does where the gates are held closed.
    pub on_hold: OnHold,
    /// A close takes the place of the hold that is there.
    pub replace: bool,
}

/// What a restart does where the gates are held closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnHold {
    /// Nothing: it is refused.
    #[default]
    Refuse,
    /// It opens them, and the hold ends.
    Reopen,
    /// It restarts the app and leaves them closed.
    StayClosed,
    /// Nothing, and that is well so, where an operator or a unit holds them. What the agent holds
    /// after a restart that failed is restarted; after an upgrade that failed it is refused.
    Skip,
}

/// Makes who is told how an operation on this app, within these limits, goes.
pub type Tell<'a> = &'a dyn Fn(&AppSettings, &Limits) -> Box<dyn Progress>;

impl Operation<'_> {
    /// Runs it to its end, and says how that was.
    pub async fn run(&self, stop: Stop, tell: Tell<'_>) -> Report {
        let mut report = self.report(By::Caller);
        let asked = Instant::now();
        let locks = self.lock(&stop).await;
        report.before.turn = asked.elapsed();
        let outcome = match locks {
            Ok(_locks) => match ThisHost::new(self.settings, self.app, stop).await {
                Ok(mut host) => self.run_locked(&mut host, tell, &mut report).await,
                Err(error) => refused(error.to_string()),
            },
            Err(outcome) => outcome,
        };
        self.end(report, &outcome).write().await
    }

    /// The same by the sidecar, who has the locks, and writes the history without them.
    pub async fn run_on(&self, host: &mut ThisHost, tell: Tell<'_>) -> Unwritten {
        let mut report = self.report(By::Sidecar);
        let outcome = self.run_locked(host, tell, &mut report).await;
        self.end(report, &outcome)
    }

    /// The sidecar's, who could not have its lock: why.
    pub fn locked_out(&self, why: String) -> Unwritten {
        let report = self.report(By::Sidecar);
        self.end(report, &Outcome::Locked(why))
    }

    async fn run_locked(
        &self,
        host: &mut ThisHost,
        tell: Tell<'_>,
        report: &mut Report,
    ) -> Outcome {
        match self.operate(host, tell, report).await {
            Ok(outcome) => outcome,
            Err(outcome) => {
                self.count(&outcome, report);
                outcome
            }
        }
    }

    /// For metrics; nothing rests on it.
    fn count(&self, outcome: &Outcome, report: &Report) {
        let done = Done {
            verb: self.verb.word(),
            outcome: outcome.word(self.verb),
            exit: outcome.exit_code(),
            phases: &report.phases,
            ended: seconds(since_1970()),
        };
        let app = &self.app.name;
        if !self.dry_run
            && let Err(error) = Tally::add(self.state_dir(), app, &done)
        {
            tracing::info!(%app, %error, "what this came to is not counted");
        }
    }

    /// Err: it ended before anything was touched.
    async fn operate(
        &self,
        host: &mut ThisHost,
        tell: Tell<'_>,
        report: &mut Report,
    ) -> Result<Outcome, Outcome> {
        let holder = Holder::new(self.verb, &self.app.name);
        let (start, limits) = self.begin(host, report).await?;
        let mut journal = self.journal(&holder, (&start, &limits), (host, report))?;
        if let Err(error) = Kept::Stopped.remove(self.state_dir(), &self.app.name) {
            tracing::warn!(%error, "the mark of the sidecar's stop stays");
        }
        let told = tell(self.app, &limits);
        let outcome = self
            .drive(host, &mut journal, (&start, &limits), (told, report))
            .await;
        let outcome = self.hold(holder, outcome, report);
        // While the journal still says what was done: counting takes its time, too.
        self.count(&outcome, report);
        match outcome {
            // The gates don't stand as they should: what was found is still needed.
            Outcome::GateFailed {
                put_back: false, ..
            } => journal.leave().unwrap_or_else(
                |error| tracing::warn!(%error, "the journal is not marked as ended"),
            ),
            _ => journal
                .end()
                .unwrap_or_else(|error| tracing::warn!(%error, "the journal stays")),
        }
        Ok(outcome)
    }

    /// Whoever closes for a unit can't call its stop off: then nothing is put back.
    fn law(&self) -> Verb {
        match (self.verb, &self.wish.owner) {
            (Verb::Close, Some(_)) => Verb::Stop,
            (verb, _) => verb,
        }
    }

    /// The sidecar's end, where it may wait until enough others are left.
    fn stops_in_turn(&self) -> bool {
        self.verb == Verb::Stop && self.wish.turn.is_some()
    }

    fn journal(
        &self,
        holder: &Holder,
        (start, limits): (&Start, &Limits),
        (host, report): (&ThisHost, &Report),
    ) -> Result<Journal, Outcome> {
        let entry = Entry {
            holder: holder.clone(),
            phase: start.phase.clone(),
            found_open: host.found_open.clone(),
            instance: None,
            restarting: start.verb == Verb::Restart,
            unsure: start.finishes == Some(false),
            stays_closed: limits.stays_closed,
            version: start.version.clone(),
            asked: report.asked.clone(),
            ended: false,
        };
        let state_dir = self.state_dir();
        match Journal::begin(state_dir, entry.clone()) {
            // Nothing may keep a host that goes down from closing.
            Err(error) if self.law() == Verb::Stop => {
                tracing::warn!(%error, "the journal can't be written");
                Ok(Journal::unwritten(state_dir, entry))
            }
            journal => {
                let told = |error| refused(state::unusable("state_dir", state_dir, &error));
                journal.map_err(told)
            }
        }
    }

    async fn drive(
        &self,
        host: &mut ThisHost,
        journal: &mut Journal,
        (start, limits): (&Start, &Limits),
        (mut told, report): (Box<dyn Progress>, &mut Report),
    ) -> Outcome {
        let begun = host.elapsed();
        report
            .notices
            .iter()
            .for_each(|notice| told.notes(begun, notice));
        let plan = (start.verb, start.phase.clone(), limits);
        let watching = &mut report.watching;
        watching.detecting.plan(start.verb, limits);
        let record = drive(host, journal, &mut Watched { told, watching }, plan).await;
        let preflight = PhaseRecord {
            phase: "preflight",
            start: 0.0,
            seconds: seconds(begun),
            acting: seconds(begun),
            waited_for: Vec::new(),
        };
        report.phases = [preflight].into_iter().chain(record.phases).collect();
        report.notices.extend(record.notes);
        report.balancers(&record.balancers);
        if let Ok(positions) = host.rules.positions(&host.firewall, &host.gates).await {
            report.gates(host.gates.iter().zip(positions));
        }
        match (self.verb, start.finishes, record.outcome) {
            (
                Verb::Restart,
                Some(surely),
                ended @ (Outcome::Done { .. } | Outcome::RestartedClosed),
            ) => Outcome::Finished {
                surely,
                closed: ended == Outcome::RestartedClosed,
            },
            (_, Some(false), Outcome::RolledBackClosed(why)) => {
                report.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    surely: false,
                    closed: true,
                }
            }
            // Rolled back, and perhaps not restarted after that.
            (_, Some(false), Outcome::RolledBack { why, waiting, .. }) if waiting.is_empty() => {
                report.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    surely: false,
                    closed: false,
                }
            }
            (_, _, outcome) => outcome,
        }
    }

    fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }

    fn hold_dir(&self) -> &Path {
        &self.settings.agent.hold_dir
    }
}

fn refused(why: String) -> Outcome {
    Outcome::Refused(Refusal::Preflight(vec![why.into()]))
}
