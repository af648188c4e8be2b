//! The journal of a running operation.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{now, wait_for};

/// The phase in progress. None: there is no journal.
pub fn phase(journal: &Path) -> Option<String> {
    let journal: serde_json::Value = serde_json::from_slice(&fs::read(journal).ok()?).ok()?;
    let phase = &journal["phase"];
    let named = |phase: &serde_json::Value| phase.as_str().map(str::to_owned);
    named(phase).or_else(|| phase.as_object()?.keys().next().cloned())
}

/// Waits until this phase is in progress, and returns the time.
pub fn wait_for_phase(journal: &Path, wanted: &str) -> f64 {
    wait_for(&format!("phase {wanted}"), Duration::from_secs(20), || {
        (phase(journal).as_deref() == Some(wanted)).then(now)
    })
}
