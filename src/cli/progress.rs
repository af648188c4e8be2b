//! How an operation goes: a line per phase, and what it waits for.

use super::{say, tell_machine};
use crate::config::AppSettings;
use crate::driver::Progress;
use crate::operation::describe;
use crate::record::seconds;
use crate::restart::{Limits, Phase};
use serde_json::json;
use std::time::Duration;

/// A wait is told when it lasts, and at most this often.
const QUIET_FOR: Duration = Duration::from_millis(500);

/// Nothing is told: `--json`.
pub(super) struct Silent;

/// A JSON object a line on stderr: `--json --progress`.
pub(super) struct Machine {
    app: AppSettings,
    limits: Limits,
    told: Vec<String>,
}

impl Machine {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Machine {
        Machine {
            app: app.clone(),
            limits: limits.clone(),
            told: Vec::new(),
        }
    }
}

impl Progress for Machine {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.told = Vec::new();
        tell_machine(&json!({
            "app": self.app.name,
            "at": seconds(at),
            "phase": phase.name(),
            "what": describe(phase, &self.limits, &self.app),
            "limit": seconds(phase.limit(&self.limits)),
        }));
    }

    /// Once, and again whenever it is something else.
    fn waits(&mut self, at: Duration, waiting: &[String]) {
        if waiting != self.told {
            tell_machine(&json!({"app": self.app.name, "at": seconds(at), "waiting": waiting}));
            self.told = waiting.to_vec();
        }
    }

    fn notes(&mut self, at: Duration, note: &str) {
        tell_machine(&json!({"app": self.app.name, "at": seconds(at), "note": note}));
    }
}

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
