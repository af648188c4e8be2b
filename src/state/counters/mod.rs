//! What the operations on an app have come to: counted in the state directory, for most of
//! them are done by processes that have ended when somebody asks.
//!
//! Only statistics: what is torn counts as nothing, and no operation looks at it. In `/run`
//! it begins anew with a reboot, as counters may.

use crate::restart::PhaseTime;
use crate::state::StateFile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The upper bounds of the [`Histogram`]'s buckets, in seconds: from a check that was refused
/// at once to what a phase may take by default, and twice that. Another choice needs another
/// name for the field: the counts are kept without their bounds.
pub const BOUNDS: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0,
];

/// What the operations on one app have come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// How many there were, by verb and outcome.
    pub operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// What their phases took, by verb and phase.
    pub phases: BTreeMap<String, BTreeMap<String, Histogram>>,
    /// When one last ended with exit code 0, by verb, in seconds since 1970.
    pub last_success: BTreeMap<String, f64>,
    /// How often rules were set right that somebody else had changed.
    pub repairs: u64,
}

/// Seconds, counted by size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// How many were at most the bound of the same place in [`BOUNDS`] and more than the one
    /// before; the last: more than all bounds.
    pub counts: [u32; BOUNDS.len() + 1],
    /// All of them together.
    pub sum: f64,
}

/// An operation that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// What was asked for, in its word.
    pub verb: &'a str,
    /// How it ended, in its word.
    pub outcome: &'a str,
    /// Its exit code.
    pub exit: u8,
    /// Its phases.
    pub phases: &'a [PhaseTime],
    /// When it ended, in seconds since 1970.
    pub ended: f64,
}

impl Counters {
    /// What was counted; what can't be read or is not to be trusted is nothing, with a warning.
    pub fn read(state_dir: &Path, app: &str) -> Counters {
        let kept = StateFile::Counters
            .read(state_dir, app)
            .unwrap_or_else(|error| {
                tracing::warn!(app, %error, "what was counted can't be read: counted anew");
                None
            });
        kept.unwrap_or_default()
    }

    /// Counts an operation. Called under the app's lock: two at once would count as one.
    ///
    /// # Errors
    ///
    /// It can't be written; nothing was counted.
    pub fn add(state_dir: &Path, app: &str, done: &Done<'_>) -> io::Result<()> {
        Counters::change(state_dir, app, |counters| counters.count(done))
    }

    /// Counts rules that were set right. Called under the app's lock.
    ///
    /// # Errors
    ///
    /// It can't be written; nothing was counted.
    pub fn repaired(state_dir: &Path, app: &str) -> io::Result<()> {
        Counters::change(state_dir, app, |counters| {
            counters.repairs = counters.repairs.saturating_add(1);
        })
    }

    fn change(state_dir: &Path, app: &str, change: impl FnOnce(&mut Counters)) -> io::Result<()> {
        let mut counters = Counters::read(state_dir, app);
        change(&mut counters);
        StateFile::Counters.write(state_dir, app, &counters)
    }

    fn count(&mut self, done: &Done<'_>) {
        let verb = || done.verb.to_owned();
        let outcomes = self.operations.entry(verb()).or_default();
        let count = outcomes.entry(done.outcome.to_owned()).or_default();
        *count = count.saturating_add(1);
        for PhaseTime { phase, seconds, .. } in done.phases {
            let phases = self.phases.entry(verb()).or_default();
            let histogram = phases.entry((*phase).to_owned()).or_default();
            histogram.observe(*seconds);
        }
        if done.exit == 0 {
            self.last_success.insert(verb(), done.ended);
        }
    }
}

impl Histogram {
    fn observe(&mut self, seconds: f64) {
        let at = BOUNDS.iter().take_while(|bound| seconds > **bound).count();
        self.counts[at] = self.counts[at].saturating_add(1);
        self.sum += seconds;
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }
}

#[cfg(test)]
mod tests;
