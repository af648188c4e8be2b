//! What an operation did: its phases with their times, and the last look.

use super::{Outcome, Phase};
use crate::haproxy::BalancerObservation;
use serde::Serialize;
use std::time::Duration;

/// What one phase took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseTime {
    /// Its name.
    pub phase: &'static str,
    /// Seconds from the operation's begin, to the microsecond.
    pub start: f64,
    /// Seconds it took, to the microsecond.
    pub seconds: f64,
    /// Seconds of them until its action was done: a gate moved, the app restarted.
    pub acting: f64,
    /// What it waited for, at the last look that had to wait.
    pub waited_for: Vec<String>,
    /// The last lines that its command printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// How it ended.
    pub outcome: Outcome,
    /// Its phases, in order.
    pub phases: Vec<PhaseTime>,
    /// The notices on the way.
    pub notes: Vec<String>,
    /// The last look at the balancers.
    pub balancers: Vec<BalancerObservation>,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline {
            outcome: Outcome::Planned,
            phases: Vec::new(),
            notes: Vec::new(),
            balancers: Vec::new(),
        }
    }
}

impl Timeline {
    /// A phase begins.
    pub(crate) fn enters(&mut self, at: Duration, phase: &Phase) {
        let (phase, start) = (phase.name(), seconds(at));
        self.phases.push(PhaseTime {
            phase,
            start,
            seconds: 0.0,
            acting: 0.0,
            waited_for: Vec::new(),
            output: Vec::new(),
        });
    }

    /// Its action took so long.
    pub(crate) fn acts(&mut self, took: Duration) {
        if let Some(phase) = self.phases.last_mut() {
            phase.acting = seconds(took);
        }
    }

    /// It waits for this now.
    pub(crate) fn waits(&mut self, waiting: Vec<String>) {
        if let Some(phase) = self.phases.last_mut().filter(|_| !waiting.is_empty()) {
            phase.waited_for = waiting;
        }
    }

    /// Its command printed this last.
    pub(crate) fn prints(&mut self, output: Vec<String>) {
        if let Some(phase) = self.phases.last_mut() {
            phase.output = output;
        }
    }

    /// It ends.
    pub(crate) fn leaves(&mut self, at: Duration) {
        if let Some(phase) = self.phases.last_mut() {
            let start = Duration::from_secs_f64(phase.start);
            phase.seconds = seconds(at.saturating_sub(start));
        }
    }
}

/// Seconds to the microsecond, the finest that a report shows.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
