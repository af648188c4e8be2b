//! On a terminal: the phase under way is one line that is drawn anew in place, with what it
//! waits for, the time passed and the limit; it stays, with its seconds, when it is over.

use super::super::screen::{self, say};
use super::{oldest_of, rows::rows};
use crate::config::AppSettings;
use crate::driver::Progress;
use crate::operation::describe;
use crate::restart::{Limits, Phase, Seen};
use console::{Term, style, truncate_str};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::time::Duration;

/// Between two drawings of the clock, whatever else moves.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Live {
    app: AppSettings,
    limits: Limits,
    oldest: Option<Duration>,
    /// The only balancer: it need not be named.
    only: Option<String>,
    phase: Option<UnderWay>,
    /// The last look's time: when the operation ends nobody says so.
    at: Duration,
}

struct UnderWay {
    name: &'static str,
    what: String,
    since: Duration,
    line: ProgressBar,
    /// Columns that are taken before what is waited for.
    head: usize,
}

impl Live {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Live {
        Live {
            app: app.clone(),
            limits: limits.clone(),
            oldest: None,
            only: None,
            phase: None,
            at: Duration::ZERO,
        }
    }

    /// `web  close      1.2 s of 30s  srvs/web1 is UP 1/2`
    fn draw(&self, phase: &Phase) -> (ProgressBar, usize) {
        let limit = humantime::format_duration(phase.limit(&self.limits)).to_string();
        let name = style(format!("{:8}", phase.name())).bold();
        let template = format!("{}  {name} {{passed}} of {limit}  {{msg}}", self.app.name);
        let passed = |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:6.1} s", state.elapsed().as_secs_f64());
        };
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template(&template) {
            line.set_style(style.with_key("passed", passed));
        }
        let line = screen::draw(line);
        line.enable_steady_tick(TICK);
        let head = self.app.name.len() + "  drain       0.0 s of   ".len() + limit.len();
        (line, head)
    }

    fn leave(&mut self, at: Duration) {
        if let Some(phase) = self.phase.take() {
            phase.line.finish_and_clear();
            let took = at.saturating_sub(phase.since).as_secs_f64();
            let (name, what) = (phase.name, phase.what);
            let line = format!("{}  {name:8} {took:6.2} s  {what}", self.app.name);
            say(&format!("{}\n", truncate_str(&line, columns(), "…")));
        }
    }
}

impl Progress for Live {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.leave(at);
        let what = describe(phase, &self.limits, &self.app);
        let (line, head) = self.draw(phase);
        line.set_message(rows(None, std::slice::from_ref(&what), head, columns()));
        self.at = at;
        self.phase = Some(UnderWay {
            name: phase.name(),
            what,
            since: at,
            line,
            head,
        });
    }

    fn waits(&mut self, at: Duration, waiting: &[String]) {
        self.at = at;
        let Some(phase) = self.phase.as_ref().filter(|_| !waiting.is_empty()) else {
            return;
        };
        let short = |what: &String| match &self.only {
            Some(balancer) => what.replace(&format!("{balancer} "), ""),
            None => what.clone(),
        };
        let what: Vec<String> = waiting.iter().map(short).collect();
        let age = oldest_of(waiting, self.oldest);
        let rows = rows(age.as_deref(), &what, phase.head, columns());
        phase.line.set_message(rows);
    }

    /// In full: the terminal folds it.
    fn notes(&mut self, at: Duration, note: &str) {
        self.at = at;
        let label = style(format!("{:8}", "note")).yellow();
        let at = at.as_secs_f64();
        say(&format!(
            "{}  {label} at {at:.1} s: {note}\n",
            self.app.name
        ));
    }

    fn sees(&mut self, at: Duration, seen: &Seen) {
        (self.at, self.oldest) = (at, seen.oldest);
        if let [only] = seen.balancers.as_slice() {
            self.only = Some(only.name.clone());
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.leave(self.at);
    }
}

fn columns() -> usize {
    Term::stdout().size().1.into()
}
