//! Prints progress as one JSON object a line on stderr: `--json --progress`.

use super::super::screen::print_progress_json;
use crate::config::AppSettings;
use crate::operation::{describe, named};
use crate::restart::Progress;
use crate::restart::seconds;
use crate::restart::{Limits, Observation, Phase};
use serde_json::json;
use std::time::Duration;

pub(super) struct Machine {
    app: AppSettings,
    limits: Limits,
    printed: Vec<String>,
    oldest: Option<Duration>,
}

impl Machine {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Machine {
        Machine {
            app: app.clone(),
            limits: limits.clone(),
            printed: Vec::new(),
            oldest: None,
        }
    }
}

impl Progress for Machine {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.printed = Vec::new();
        print_progress_json(&json!({
            "app": self.app.name,
            "at_seconds": seconds(at),
            "phase": phase.name(),
            "settled": phase.is_settled(),
            "what": describe(phase, &self.limits, &self.app),
            "limit_seconds": seconds(phase.limit(&self.limits)),
        }));
    }

    /// Prints what is waited for, but not twice in a row.
    fn waits(&mut self, at: Duration, waiting: &[String]) {
        if waiting == self.printed {
            return;
        }
        let what = waiting
            .iter()
            .map(|what| named(what, &self.limits, &self.app));
        print_progress_json(&json!({
            "app": self.app.name,
            "at_seconds": seconds(at),
            "waiting": what.collect::<Vec<_>>(),
            "oldest_seconds": self.oldest.map(seconds),
        }));
        self.printed = waiting.to_vec();
    }

    fn notes(&mut self, at: Duration, note: &str) {
        let note = named(note, &self.limits, &self.app);
        print_progress_json(
            &json!({"app": self.app.name, "at_seconds": seconds(at), "note": note}),
        );
    }

    fn sees(&mut self, _at: Duration, observation: &Observation) {
        self.oldest = observation.oldest;
    }

    fn shows_ages(&self) -> bool {
        true
    }
}
