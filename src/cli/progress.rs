//! How an operation goes, for people: a line per phase, and what it waits for.

use super::say;
use crate::config::AppSettings;
use crate::driver::Progress;
use crate::operation::describe;
use crate::restart::{Limits, Phase};
use std::time::Duration;

/// A wait is told when it lasts, and at most this often.
const QUIET_FOR: Duration = Duration::from_millis(500);

/// Nothing is told: `--json`.
pub(super) struct Silent;

impl Progress for Silent {
    fn enters(&mut self, _at: Duration, _phase: &Phase) {}
    fn waits(&mut self, _at: Duration, _waiting: &[String]) {}
    fn notes(&mut self, _at: Duration, _note: &str) {}
}

/// Lines on stdout.
pub(super) struct Human {
    app: AppSettings,
    limits: Limits,
    told_at: Duration,
    told: Vec<String>,
    /// When the phase's time is up.
    until: Duration,
}

impl Human {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Human {
        Human {
            app: app.clone(),
            limits: limits.clone(),
            told_at: Duration::ZERO,
            told: Vec::new(),
            until: Duration::ZERO,
        }
    }

    fn tell(&self, at: Duration, label: &str, text: &str) {
        say(&format!(
            "{} {:6.2}s  {label:8} {text}\n",
            self.app.name,
            at.as_secs_f64()
        ));
    }
}

impl Progress for Human {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        let limit = format!(
            "limit {}",
            humantime::format_duration(phase.limit(&self.limits))
        );
        let text = describe(phase, &self.limits, &self.app);
        self.tell(at, phase.name(), &format!("{text} ({limit})"));
        (self.told_at, self.told) = (at, Vec::new());
        self.until = at + phase.limit(&self.limits);
    }

    fn waits(&mut self, at: Duration, waiting: &[String]) {
        if waiting.is_empty() || waiting == self.told || at.saturating_sub(self.told_at) < QUIET_FOR
        {
            return;
        }
        let left = self.until.saturating_sub(at).as_secs();
        self.tell(
            at,
            "",
            &format!("waiting, {left} s left: {}", waiting.join(", ")),
        );
        (self.told_at, self.told) = (at, waiting.to_vec());
    }

    fn notes(&mut self, at: Duration, note: &str) {
        self.tell(at, "note", note);
    }
}
