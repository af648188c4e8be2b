//! Lines on stdout, for a file or a pipe: each is written once.

use super::super::screen::tell;
use super::rows::oldest_of;
use crate::config::AppSettings;
use crate::operation::describe;
use crate::restart::Progress;
use crate::restart::{Limits, Observation, Phase};
use std::time::Duration;

/// A wait is told when it lasts, and at most this often.
const QUIET_FOR: Duration = Duration::from_millis(500);

pub(super) struct Plain {
    app: AppSettings,
    limits: Limits,
    told_at: Duration,
    told: Vec<String>,
    oldest: Option<Duration>,
    /// When the phase's time is up.
    until: Duration,
}

impl Plain {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Plain {
        Plain {
            app: app.clone(),
            limits: limits.clone(),
            told_at: Duration::ZERO,
            told: Vec::new(),
            oldest: None,
            until: Duration::ZERO,
        }
    }

    fn tell(&self, at: Duration, label: &str, text: &str) {
        tell(&format!(
            "{} {:6.2}s  {label:8} {text}\n",
            self.app.name,
            at.as_secs_f64()
        ));
    }
}

impl Progress for Plain {
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

    fn waits(&mut self, at: Duration, what: &[String]) {
        if what.is_empty() || what == self.told || at.saturating_sub(self.told_at) < QUIET_FOR {
            return;
        }
        let left = self.until.saturating_sub(at).as_secs();
        let age = oldest_of(what, self.oldest).map(|age| format!("{age}: "));
        let what_for = format!("{}{}", age.unwrap_or_default(), what.join(", "));
        self.tell(at, "", &format!("waiting, {left} s left: {what_for}"));
        (self.told_at, self.told) = (at, what.to_vec());
    }

    fn notes(&mut self, at: Duration, note: &str) {
        self.tell(at, "note", note);
    }

    fn sees(&mut self, _at: Duration, seen: &Observation) {
        self.oldest = seen.oldest;
    }

    fn shows_ages(&self) -> bool {
        true
    }
}
