//! A JSON object a line on stderr: `--json --progress`.

use super::super::screen::tell_machine;
use crate::config::AppSettings;
use crate::operation::describe;
use crate::restart::Progress;
use crate::restart::seconds;
use crate::restart::{Limits, Observation, Phase};
use serde_json::json;
use std::time::Duration;

pub(super) struct Machine {
    app: AppSettings,
    limits: Limits,
    told: Vec<String>,
    oldest: Option<Duration>,
}

impl Machine {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Machine {
        Machine {
            app: app.clone(),
            limits: limits.clone(),
            told: Vec::new(),
            oldest: None,
        }
    }
}

impl Progress for Machine {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.told = Vec::new();
        tell_machine(&json!({
            "app": self.app.name,
            "at_seconds": seconds(at),
            "phase": phase.name(),
            "settled": phase.is_settled(),
            "what": describe(phase, &self.limits, &self.app),
            "limit_seconds": seconds(phase.limit(&self.limits)),
        }));
    }

    /// Once, and again whenever it is something else.
    fn waits(&mut self, at: Duration, waiting: &[String]) {
        if waiting == self.told {
            return;
        }
        tell_machine(&json!({
            "app": self.app.name,
            "at_seconds": seconds(at),
            "waiting": waiting,
            "oldest_seconds": self.oldest.map(seconds),
        }));
        self.told = waiting.to_vec();
    }

    fn notes(&mut self, at: Duration, note: &str) {
        tell_machine(&json!({"app": self.app.name, "at_seconds": seconds(at), "note": note}));
    }

    fn sees(&mut self, _at: Duration, seen: &Observation) {
        self.oldest = seen.oldest;
    }

    fn shows_ages(&self) -> bool {
        true
    }
}
