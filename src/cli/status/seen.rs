//! How one app stands, of what was seen.

use super::{AppStatus, Health, Others, PhaseNow};
use crate::config::{AppSettings, Settings};
use crate::gate::Position;
use crate::hold;
use crate::journal::Entry;
use crate::operation::{BalancerReport, GateReport, found};
use crate::state::{self, Kept};
use crate::survey::Survey;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// One app, as it was seen.
pub(super) struct Seen {
    pub(super) survey: Survey,
    /// After that.
    pub(super) journal: Result<Option<Entry>, String>,
    /// It said so before and after.
    pub(super) phase: Option<Entry>,
    /// Somebody was at it.
    pub(super) under_way: bool,
}

pub(super) fn seen(settings: &Settings, app: &AppSettings, it: &Seen, others: Others) -> AppStatus {
    let survey = &it.survey;
    let gates = survey.gates().zip(survey.positions());
    let mut trouble = survey.trouble();
    let (state_dir, hold_dir) = (&settings.agent.state_dir, &settings.agent.hold_dir);
    let untrusted = state::trusted(state_dir, hold_dir, &app.name).err();
    trouble.extend(untrusted.map(|untrusted| untrusted.to_string()));
    let hold = hold::now(hold_dir, &app.name).map(|held| held.report());
    trouble.extend(survey.threats());
    trouble.extend(survey.restart.as_ref().err().cloned());
    // An operation under way may be between two families, and closes gates.
    if !others.under_way {
        let who = others.who_mends(&app.name);
        let positions = survey.positions();
        trouble.extend(astray(app, &it.journal, (&positions, hold.is_some()), &who));
        let broken = survey.broken().filter(|_| hold.is_none());
        trouble.extend(broken.map(|what| format!("{what}: {who} mends it")));
    }
    let (address, health) = &survey.health;
    let facts = survey.facts();
    AppStatus {
        app: app.name.clone(),
        gates: gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect(),
        balancers: BalancerReport::of_survey(survey),
        hold,
        phase: it
            .phase
            .as_ref()
            .filter(|_| others.under_way)
            .and_then(|entry| phase_now(state_dir, entry)),
        health: Health::of(*address, health),
        in_rotation: facts.in_rotation(),
        serving: facts.serves(),
        spare: facts.spare(app.limits.min_available),
        trouble,
        text: found(app, survey),
    }
}

/// The journal is written as each phase begins.
fn phase_now(state_dir: &Path, entry: &Entry) -> Option<PhaseNow> {
    let journal = Kept::Journal.path(state_dir, &entry.holder.app);
    let written = journal.metadata().ok()?;
    let since = SystemTime::now().duration_since(written.modified().ok()?);
    Some(PhaseNow {
        verb: entry.holder.verb.word(),
        phase: entry.phase.name(),
        seconds: since.as_ref().map_or(0, Duration::as_secs),
        settled: entry.phase.is_settled(),
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
