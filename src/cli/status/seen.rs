//! How one app stands, of what was seen.

use super::{AppStatus, Others, PhaseNow};
use crate::config::{AppSettings, Settings};
use crate::gate::Position;
use crate::host::Snapshot;
use crate::operation::found;
use crate::report::{BalancerReport, GateReport};
use crate::state::hold;
use crate::state::journal::Entry;
use crate::state::{StateFile, directory};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// One app, as it was seen.
pub(super) struct Seen {
    pub(super) snapshot: Snapshot,
    /// After that.
    pub(super) journal: Result<Option<Entry>, String>,
    /// It said so before and after.
    pub(super) phase: Option<Entry>,
    /// Somebody was at it.
    pub(super) under_way: bool,
}

pub(super) fn seen(settings: &Settings, app: &AppSettings, it: &Seen, others: Others) -> AppStatus {
    let snapshot = &it.snapshot;
    let gates = snapshot.gates().into_iter().zip(snapshot.positions());
    let mut trouble = snapshot.trouble();
    let (state_dir, hold_dir) = (&settings.agent.state_dir, &settings.agent.hold_dir);
    let untrusted = directory::trusted(state_dir, hold_dir, &app.name).err();
    trouble.extend(untrusted.map(|untrusted| untrusted.to_string()));
    let held = hold::now(hold_dir, &app.name).map(|held| held.told());
    trouble.extend(snapshot.threats());
    trouble.extend(snapshot.restart.as_ref().err().cloned());
    // An operation under way may be between two families, and closes gates.
    if !others.under_way {
        let who = others.who_mends(&app.name);
        let positions = Vec::from(snapshot.positions());
        trouble.extend(astray(app, &it.journal, (&positions, held.is_some()), &who));
        let broken = snapshot.broken().filter(|_| held.is_none());
        trouble.extend(broken.map(|what| format!("{what}: {who} mends it")));
    }
    let (address, health) = &snapshot.health;
    let facts = snapshot.facts();
    AppStatus {
        app: app.name.clone(),
        gates: gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect(),
        balancers: BalancerReport::of_snapshot(snapshot),
        held,
        phase: it
            .phase
            .as_ref()
            .filter(|_| others.under_way)
            .and_then(|entry| phase_now(state_dir, entry)),
        healthy: health.is_ok(),
        health: match health {
            Ok(()) => format!("the app at {address} is healthy"),
            Err(why) => format!("the app at {address} is not healthy: {why}"),
        },
        in_rotation: facts.in_rotation(),
        serving: facts.serves(),
        spare: facts.spare(app.limits.min_available),
        trouble,
        text: found(app, snapshot),
    }
}

/// The journal is written as each phase begins.
fn phase_now(state_dir: &Path, entry: &Entry) -> Option<PhaseNow> {
    let journal = StateFile::Journal.path(state_dir, &entry.holder.app);
    let written = journal.metadata().ok()?;
    let since = SystemTime::now().duration_since(written.modified().ok()?);
    Some(PhaseNow {
        verb: entry.holder.verb.word(),
        phase: entry.phase.name(),
        seconds: since.as_ref().map_or(0, Duration::as_secs),
    })
}

/// What an operation left behind by dying, and gates that nobody asked to be closed.
fn astray(
    app: &AppSettings,
    journal: &Result<Option<Entry>, String>,
    (positions, held): (&[Position], bool),
    who: &str,
) -> Vec<String> {
    let closed = positions.contains(&Position::Closed);
    match journal {
        Ok(Some(entry)) => vec![format!("{}: {who} ends it", entry.cut_short())],
        Err(torn) => vec![format!("{torn}: {who} goes on without it")],
        Ok(None) if held && positions.iter().any(|gate| *gate != Position::Closed) => {
            vec![format!(
                "an operator closed the gates, and not all are closed: `agent close {0}`, or `agent open {0}`",
                app.name
            )]
        }
        Ok(None) if closed && !held => {
            vec![format!(
                "a gate is closed, and nobody asked for that: {who} opens it once the app is healthy"
            )]
        }
        Ok(None) => Vec::new(),
    }
}
