//! Prints progress as lines on stdout, for a file or a pipe.

use super::super::screen::print_progress;
use super::rows::oldest_of;
use crate::config::AppSettings;
use crate::operation::{describe, named};
use crate::restart::Progress;
use crate::restart::{Limits, Observation, Phase};
use std::time::Duration;

/// The least time before a wait is printed, and between two lines about waits.
const QUIET_FOR: Duration = Duration::from_millis(500);

pub(super) struct Plain {
    app: AppSettings,
    limits: Limits,
    printed_at: Duration,
    printed: Vec<String>,
    oldest: Option<Duration>,
    /// When the phase reaches its limit.
    until: Duration,
}

impl Plain {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Plain {
        Plain {
            app: app.clone(),
            limits: limits.clone(),
            printed_at: Duration::ZERO,
            printed: Vec::new(),
            oldest: None,
            until: Duration::ZERO,
        }
    }

    fn line(&self, at: Duration, label: &str, text: &str) {
        print_progress(&format!(
            "{} {:6.2}s  {label:8} {text}\n",
            self.app.name,
            at.as_secs_f64(),
            text = named(text, &self.limits, &self.app),
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
        self.line(at, phase.name(), &format!("{text} ({limit})"));
        (self.printed_at, self.printed) = (at, Vec::new());
        self.until = at + phase.limit(&self.limits);
    }

    fn waits(&mut self, at: Duration, what: &[String]) {
        if what.is_empty() || what == self.printed || at.saturating_sub(self.printed_at) < QUIET_FOR
        {
            return;
        }
        let left = self.until.saturating_sub(at).as_secs();
        let age = oldest_of(what, self.oldest).map(|age| format!("{age}: "));
        let what_for = format!("{}{}", age.unwrap_or_default(), what.join(", "));
        self.line(at, "", &format!("waiting, {left} s left: {what_for}"));
        (self.printed_at, self.printed) = (at, what.to_vec());
    }

    fn notes(&mut self, at: Duration, note: &str) {
        self.line(at, "note", note);
    }

    fn sees(&mut self, _at: Duration, observation: &Observation) {
        self.oldest = observation.oldest;
    }

    fn shows_ages(&self) -> bool {
        true
    }
}
