//! Counts what the operations on an app came to. The counters are in the state directory, because
//! most operations run in processes that have ended when a reader asks.
//!
//! They are only statistics: a torn file counts as nothing, and no operation reads it. In `/run`
//! they begin anew with a reboot, as counters may.

use crate::restart::PhaseTime;
use crate::state::StateFile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The upper bounds of the [`Histogram`]'s buckets, in seconds. They go from a check that was
/// refused at once to twice the time that a phase may take by default. Other bounds need another
/// name for the field, because the file has the counts without their bounds.
pub const BOUNDS: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0,
];

/// What the operations on one app came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// How many there were, by verb and outcome.
    pub operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// What their phases took, by verb and phase.
    pub phases: BTreeMap<String, BTreeMap<String, Histogram>>,
    /// When one last ended with exit code 0, by verb, in seconds since 1970.
    pub last_success: BTreeMap<String, f64>,
    /// How often the agent repaired rules that another process had changed.
    pub repairs: u64,
}

/// Seconds, counted by size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// How many were at most the bound at the same place in [`BOUNDS`] and more than the one
    /// before. The last count has those above all bounds.
    pub counts: [u32; BOUNDS.len() + 1],
    /// All of them together.
    pub sum: f64,
}

/// An operation that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// The verb's word.
    pub verb: &'a str,
    /// The outcome's word.
    pub outcome: &'a str,
    /// Its exit code.
    pub exit: u8,
    /// Its phases.
    pub phases: &'a [PhaseTime],
    /// When it ended, in seconds since 1970.
    pub ended: f64,
}

impl Counters {
    /// The counters. A file that can't be read, or that others than root may write, counts as
    /// nothing, with a warning.
    pub fn read(state_dir: &Path, app: &str) -> Counters {
        let kept = StateFile::Counters
            .read(state_dir, app)
            .unwrap_or_else(|error| {
                tracing::warn!(app, %error, "the counters can't be read: they begin at 0 again");
                None
            });
        kept.unwrap_or_default()
    }

    /// Counts an operation. The caller has the app's lock: two at once would count as one.
    ///
    /// # Errors
    ///
    /// The counters can't be written; nothing was counted.
    pub fn add(state_dir: &Path, app: &str, done: &Done<'_>) -> io::Result<()> {
        Counters::change(state_dir, app, |counters| counters.count(done))
    }

    /// Counts a repair of the rules. The caller has the app's lock.
    ///
    /// # Errors
    ///
    /// The counters can't be written; nothing was counted.
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
