//! The journal of a running operation.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{now, wait_for};

/// The phase in progress, also that of a switch. None: there is no journal.
pub fn phase(journal: &Path) -> Option<String> {
    let journal: serde_json::Value = serde_json::from_slice(&fs::read(journal).ok()?).ok()?;
    name(&journal["phase"])
}

/// A phase with data is an object with one key.
fn name(phase: &serde_json::Value) -> Option<String> {
    if let Some(plain) = phase.as_str() {
        return Some(plain.to_owned());
    }
    let (name, inner) = phase.as_object()?.iter().next()?;
    match name.as_str() {
        "switch" => self::name(inner),
        _ => Some(name.clone()),
    }
}

/// Waits until this phase is in progress, and returns the time. It must last: a phase of a few
/// milliseconds may pass between two looks (see `Settings::slowly`).
pub fn wait_for_phase(journal: &Path, wanted: &str) -> f64 {
    wait_for(&format!("phase {wanted}"), Duration::from_secs(20), || {
        (phase(journal).as_deref() == Some(wanted)).then(now)
    })
}
