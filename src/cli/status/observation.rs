//! Builds the status of an app from one look.

use super::closed::Closed;
use super::left::LeftClosed;
use super::model::{AppStatus, Health, Others, PhaseNow};
use super::unused::unused;
use crate::config::{AppSettings, Settings};
use crate::host::Snapshot;
use crate::operation::found;
use crate::report::{BalancerReport, GateReport};
use crate::restart::{in_rotation, is_serving, spare};
use crate::sidecar::took_out;
use crate::state::hold::{self, Held};
use crate::state::journal::Entry;
use crate::state::{StateFile, directory};
use nix::unistd::geteuid;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// One look at an app.
pub(super) struct Observation {
    pub(super) snapshot: Snapshot,
    /// The journal after the snapshot.
    pub(super) journal: Result<Option<Entry>, String>,
    /// The journal before the snapshot, if it is the same after it.
    pub(super) phase: Option<Entry>,
    /// Whether an operation on the app was under way.
    pub(super) under_way: bool,
}

/// What is wrong with the app on this host, a line each.
fn trouble(
    settings: &Settings,
    app: &AppSettings,
    it: &Observation,
    others: &Others,
    closed: &Closed,
    is_held: bool,
) -> Vec<String> {
    let snapshot = &it.snapshot;
    // What another user can't see is unknown, and no trouble of the host.
    let root = geteuid().is_root();
    let mut trouble = match root || snapshot.rules.is_ok() {
        true => snapshot.trouble(),
        false => Vec::new(),
    };
    let (state_dir, hold_dir) = (&settings.agent.state_dir, &settings.agent.hold_dir);
    let untrusted = directory::trusted(state_dir, hold_dir, &app.name).err();
    trouble.extend(untrusted.map(|untrusted| untrusted.to_string()));
    trouble.extend(snapshot.threats());
    trouble.extend(snapshot.restart.as_ref().err().cloned());
    // An operation under way closes gates, and may have set the rules of only one address family.
    if !others.under_way {
        let opener = others.opener(&app.name);
        trouble.extend(match &it.journal {
            Ok(Some(entry)) => Some(format!(
                "{}: {opener} finishes or undoes it",
                entry.cut_short()
            )),
            Err(_) if !root => Some("the journal is unknown: needs root".to_owned()),
            Err(torn) => Some(format!(
                "{torn}: {opener} relies on the kernel and HAProxy instead"
            )),
            Ok(None) => closed.trouble(&app.name, &opener),
        });
        let broken = snapshot.broken().filter(|_| !is_held);
        trouble.extend(broken.map(|what| format!("{what}: {opener} fixes it")));
    }
    trouble
}

pub(super) fn app_status(
    settings: &Settings,
    app: &AppSettings,
    it: &Observation,
    others: Others,
) -> AppStatus {
    let snapshot = &it.snapshot;
    let gates = snapshot.gates().into_iter().zip(snapshot.positions());
    let state_dir = &settings.agent.state_dir;
    let held = hold::find(&settings.agent.hold_dir, &app.name);
    // Another user may not read the directory.
    let is_unseen = held == Some(Held::Unknown) && !geteuid().is_root();
    let held = held.filter(|_| !is_unseen);
    let mark = took_out(state_dir, &app.name);
    let left = || match others.under_way {
        true => None,
        false => LeftClosed::find(&settings.agent.history_dir, &app.name),
    };
    let positions = Vec::from(snapshot.positions());
    let closed = Closed::of(&positions, held.as_ref(), mark, left);
    let hold = held
        .filter(|held| !held.is_over())
        .map(|held| held.report(others.under_way));
    let mut trouble = trouble(settings, app, it, &others, &closed, hold.is_some());
    let unseen = "whether a hold keeps the gates closed is unknown: needs root";
    trouble.extend(is_unseen.then(|| unseen.to_owned()));
    let (address, health) = &snapshot.health;
    let balancers = &snapshot.balancers;
    let unused = match others.under_way {
        true => Vec::new(),
        false => unused(&app.name, &snapshot.positions(), balancers),
    };
    let status = AppStatus {
        app: app.name.clone(),
        well: false,
        unused,
        gates: gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect(),
        balancers: balancers.iter().map(BalancerReport::from).collect(),
        hold,
        closed_by_sidecar_unix_seconds: closed.by_sidecar(),
        left_closed_by: closed.left(),
        phase: it
            .phase
            .as_ref()
            .filter(|_| others.under_way)
            .and_then(|entry| phase_now(state_dir, entry)),
        health: Health::of(*address, health),
        in_rotation: in_rotation(balancers),
        serving: is_serving(balancers),
        spare: spare(balancers, app.limits.min_available),
        trouble,
        text: found(app, snapshot),
    };
    status.judged(others)
}

/// The phase of the journal, which an operation writes at the begin of each phase.
fn phase_now(state_dir: &Path, entry: &Entry) -> Option<PhaseNow> {
    let journal = StateFile::Journal.path(state_dir, &entry.invocation.app);
    let written = journal.metadata().ok()?;
    let since = SystemTime::now().duration_since(written.modified().ok()?);
    Some(PhaseNow {
        verb: entry.invocation.verb.word(),
        phase: entry.phase.name(),
        seconds: since.as_ref().map_or(0, Duration::as_secs),
        settled: entry.phase.is_settled(),
    })
}
