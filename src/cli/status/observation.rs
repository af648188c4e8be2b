//! Builds the status of an app from one look.

use super::closed::Closed;
use super::left::LeftClosed;
use super::model::{AppStatus, Health, Others, PhaseNow};
use super::page::PageStatus;
use super::readonly::ReadonlyStatus;
use super::targets::SeenTargets;
use super::unused::unused;
use crate::config::{AppSettings, Settings};
use crate::host::{BesideLook, Snapshot, TargetLook, Unable};
use crate::operation::found;
use crate::report::{BalancerReport, GateReport};
use crate::restart::{in_rotation, is_serving, spare};
use crate::sidecar::took_out;
use crate::state::hold::{self, Held};
use crate::state::journal::Entry;
use crate::state::target::{self, Intent};
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
    /// Of an app with targets: each of them, in the order of the file.
    pub(super) targets: Vec<TargetLook>,
    /// None: the page was not asked.
    pub(super) page: Option<BesideLook>,
    /// None: the marker was not asked.
    pub(super) marker: Option<BesideLook>,
}

/// The status of an app, from one look.
pub(super) fn app_status(
    settings: &Settings,
    app: &AppSettings,
    it: &Observation,
    others: Others,
) -> AppStatus {
    let held = hold::find(&settings.agent.hold_dir, &app.name);
    let status = Looked {
        settings,
        app,
        it,
        others,
        record: target::find(&settings.agent.hold_dir, &app.name)
            .ok()
            .flatten(),
        // Another user may not read the directory.
        is_hold_unseen: held == Some(Held::Unknown) && !geteuid().is_root(),
        held,
    };
    status.status().judged(others)
}

/// One look at an app, with what the state directory has.
pub(super) struct Looked<'a> {
    pub(super) settings: &'a Settings,
    pub(super) app: &'a AppSettings,
    pub(super) it: &'a Observation,
    pub(super) others: Others,
    held: Option<Held>,
    is_hold_unseen: bool,
    /// The record of the current target.
    pub(super) record: Option<Intent>,
}

impl Looked<'_> {
    fn status(&self) -> AppStatus {
        let (app, snapshot) = (self.app, &self.it.snapshot);
        let state_dir = &self.settings.agent.state_dir;
        let gates = snapshot.gates().into_iter().zip(snapshot.positions());
        let (address, health) = &snapshot.health;
        let balancers = &snapshot.balancers;
        let phase = self.it.phase.as_ref().filter(|_| self.others.under_way);
        let closed = self.closed();
        let (targets, page, readonly) = (self.targets(), self.page(), self.readonly());
        AppStatus {
            app: app.name.clone(),
            target: app.target.clone(),
            targets: targets.report(),
            well: false,
            gates: gates
                .map(|(gate, position)| GateReport::new(gate, position))
                .collect(),
            balancers: balancers.iter().map(BalancerReport::from).collect(),
            unused: match self.others.under_way {
                true => Vec::new(),
                false => unused(&app.name, &snapshot.positions(), balancers),
            },
            hold: self.hold().map(|held| held.report(self.others.under_way)),
            closed_by_sidecar_unix_seconds: closed.by_sidecar(),
            trouble: self.trouble(&closed, &targets, (page.as_ref(), readonly.as_ref())),
            page,
            readonly,
            unseen: self.unseen(),
            left_closed_by: closed.left(),
            phase: phase.and_then(|entry| phase_now(state_dir, entry)),
            health: Health::of(*address, health),
            in_rotation: in_rotation(balancers),
            serving: is_serving(balancers),
            spare: spare(balancers, app.limits.min_available),
            text: found(app, snapshot),
        }
    }

    /// The hold in effect.
    pub(super) fn hold(&self) -> Option<&Held> {
        let held = self.held.as_ref().filter(|held| !held.is_over());
        held.filter(|_| !self.is_hold_unseen)
    }

    fn closed(&self) -> Closed {
        let agent = &self.settings.agent;
        let left = || match self.others.under_way {
            true => None,
            false => LeftClosed::find(&agent.history_dir, &self.app.name),
        };
        let positions = Vec::from(self.it.snapshot.positions());
        let held = self.held.as_ref().filter(|_| !self.is_hold_unseen);
        let mark = took_out(&agent.state_dir, &self.app.name);
        Closed::of(&positions, held, mark, left)
    }

    /// What is wrong with the app on this host, a line each.
    fn trouble(
        &self,
        closed: &Closed,
        targets: &SeenTargets<'_>,
        (page, readonly): (Option<&PageStatus>, Option<&ReadonlyStatus>),
    ) -> Vec<String> {
        let (snapshot, agent) = (&self.it.snapshot, &self.settings.agent);
        // What another user can't see is unknown, and no trouble of the host.
        let mut trouble = match geteuid().is_root() || snapshot.rules.is_ok() {
            true => snapshot.trouble(),
            false => Vec::new(),
        };
        let untrusted = directory::trusted(&agent.state_dir, &agent.hold_dir, &self.app.name);
        trouble.extend(untrusted.err().map(|untrusted| untrusted.to_string()));
        trouble.extend(snapshot.threats());
        let unable = snapshot.restart.as_ref().err();
        trouble.extend(unable.into_iter().flat_map(|it| it.certain.clone()));
        // An operation under way closes gates, and may have set the rules of only one address
        // family.
        if !self.others.under_way {
            let opener = self.others.opener(&self.app.name);
            trouble.extend(self.unfinished(closed, &opener));
            let broken = snapshot.broken().filter(|_| self.hold().is_none());
            trouble.extend(broken.map(|what| format!("{what}: {opener} fixes it")));
            trouble.extend(targets.trouble(&opener));
            trouble.extend(page.into_iter().flat_map(|page| page.trouble.clone()));
            trouble.extend(readonly.into_iter().flat_map(|it| it.trouble.clone()));
        }
        trouble
    }

    /// What is not known for lack of rights, a line each.
    fn unseen(&self) -> Vec<String> {
        let unable = self.it.snapshot.restart.as_ref().err();
        let hold = "whether a hold keeps the gates closed is unknown: needs root";
        let journal = "the journal is unknown: needs root";
        let gates = "whether its gates are open is unknown: needs root";
        [
            (!geteuid().is_root() && self.it.snapshot.rules.is_err()).then_some(gates),
            unable.and_then(Unable::unseen),
            (self.is_journal_unseen() && !self.others.under_way).then_some(journal),
            self.is_hold_unseen.then_some(hold),
        ]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
    }

    fn is_journal_unseen(&self) -> bool {
        self.it.journal.is_err() && !geteuid().is_root()
    }

    /// What an operation has left, and what finishes it.
    fn unfinished(&self, closed: &Closed, opener: &str) -> Option<String> {
        match &self.it.journal {
            Ok(Some(entry)) => Some(format!(
                "{}: {opener} finishes or undoes it",
                entry.cut_short()
            )),
            Err(_) if self.is_journal_unseen() => None,
            Err(torn) => Some(format!(
                "{torn}: {opener} relies on the kernel and HAProxy instead"
            )),
            Ok(None) => closed.trouble(&self.app.name, opener),
        }
    }
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
