//! Maintenance is a switch between the app and its page. The page runs already, and the app goes on
//! running without users.

use super::current::{current, seen_at};
use super::pair::Pair;
use crate::haproxy::Role;
use crate::host::Snapshot;
use crate::operation::Operation;
use crate::operation::go::{Begin, Preflight, or_refuse, refusal};
use crate::operation::lasting::{Ends, lasting, without_sidecar};
use crate::restart::switch::{How, Switching};
use crate::restart::{Limits, OnDrainTimeout, Verb};
use crate::state::StateFile;
use crate::state::hold::{self, Held, Hold};
use crate::state::invocation::Invocation;
use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

impl Pair {
    /// Whether one of the two is the page.
    pub(super) fn has_page(&self) -> bool {
        self.from.is_page() || self.to.is_page()
    }
}

impl Operation<'_> {
    /// The app at its current target, and its page. Break: there is no page, or maintenance is off
    /// already. A second `on` sets right what another process has changed since.
    pub(super) async fn pair_with_page(&self) -> Preflight<Pair> {
        let name = &self.app.name;
        let no_page = || refusal(format!("app {name} has no page"));
        let page = or_refuse(self.app.at_page().ok_or_else(no_page))?;
        let held = hold::now(self.hold_dir(), name);
        let is_on = held.as_ref().is_some_and(Held::is_of_maintenance);
        if held == Some(Held::Unknown) {
            return Break(Begin::refused(unreadable(self.hold_dir(), name)));
        }
        if self.verb == Verb::MaintenanceOff && !is_on {
            return Break(Begin::NothingToDo("maintenance is off".to_owned()));
        }
        let found = or_refuse(current(self.settings, self.app).await.map_err(refusal))?;
        let app = seen_at(self.app, found.as_ref());
        let hold = self.maintenance(self.verb == Verb::MaintenanceOff);
        let (from, to) = match self.verb {
            Verb::MaintenanceOff => (page, app),
            _ => (app, page),
        };
        Continue(Pair {
            from,
            to,
            switching: Switching {
                how: How::Back,
                keeps: true,
                with_page: true,
                from_page: self.verb == Verb::MaintenanceOff,
                ..Switching::default()
            },
            keep: Duration::ZERO,
            ready_until: None,
            hold: Some(Box::new(hold)),
        })
    }

    /// `on` waits until the page answers, and a dry run waits for nothing: it reports a page that does
    /// not answer now, so that a fleet begins on no host.
    pub(super) fn page_answers(&self, page: &Snapshot) -> Preflight<()> {
        match &page.health {
            (address, Err(why)) if self.dry_run && self.verb == Verb::MaintenanceOn => Break(
                Begin::NoRoom(format!("the page at {address} does not answer: {why}")),
            ),
            _ => Continue(()),
        }
    }

    /// The hold that `on` asks for, or the one that `off` finds: it is set again if `off` has to go
    /// back. The recovery of an older agent's `off` may find none.
    pub(super) fn maintenance(&self, ends: bool) -> Hold {
        match hold::find(self.hold_dir(), &self.app.name) {
            Some(Held::By(hold)) if hold.is_of_maintenance() && ends => hold,
            _ => self.wanted(Invocation::new(Verb::MaintenanceOn, &self.app.name)),
        }
    }

    /// The hold once users meet the page. None: it is no `on`.
    pub(super) fn hold_of_on(&self, pair: &Pair, there: Option<&Held>) -> Option<Held> {
        let asked = pair.hold.as_deref();
        let asked = asked.filter(|_| self.verb == Verb::MaintenanceOn)?;
        Some(Held::By(hold::in_maintenance(there, asked)))
    }

    /// Nothing ends a maintenance in time: why.
    pub(super) fn never_ends(&self, hold: Option<&Held>) -> Option<String> {
        hold?.maintenance_ends()?;
        without_sidecar(self.state_dir(), Ends::Maintenance(&self.app.name))
    }

    /// For the plan of a dry run: until when users meet the page, and why.
    pub(super) fn how_long(&self, hold: Option<&Held>) -> Option<String> {
        let hold = hold?;
        let app = &self.app.name;
        let off = format!("agent maintenance off {app}");
        let lasts = lasting(hold.maintenance_ends(), hold.reason(), &off);
        Some(format!("{app}: users meet the page {lasts}"))
    }

    /// The gates of the app are held closed already: by an earlier `on`, or by the agent after a failure.
    pub(super) fn was_closed(&self) -> bool {
        let is_held = || hold::now(self.hold_dir(), &self.app.name).is_some();
        self.verb == Verb::MaintenanceOn && is_held()
    }

    /// Nothing is stopped in the end, so a drain that runs out of time is only reported. Sticky users
    /// can't stay.
    pub(super) fn limits_of_switch(&self) -> Limits {
        let limits = Limits {
            turn: self.within_window(self.app.limits.turn),
            ..self.app.limits.clone()
        };
        match self.verb.is_of_maintenance() {
            false => limits,
            true => Limits {
                sticky: Duration::ZERO,
                on_drain_timeout: OnDrainTimeout::Abort,
                settle: None,
                ..limits
            },
        }
    }
}

/// Whether maintenance is on is then unknown.
fn unreadable(hold_dir: &std::path::Path, app: &str) -> String {
    let file = StateFile::Hold.path(hold_dir, app);
    format!(
        "{} can't be read, so it is not known whether maintenance is on: fix it, or remove it and \
         run this again",
        file.display()
    )
}

/// The lines that keep serving users when all gates are closed.
pub(super) fn serves_on(app: &Snapshot) -> impl Iterator<Item = String> {
    let lines = app.balancers.iter().flat_map(|balancer| balancer.lines());
    let classic = lines.filter(|line| line.role == Role::ClassicTwin);
    classic.map(|line| {
        format!(
            "{} checks the app itself, so it goes on serving users: give it a status port of its \
             own (`backup_status_port`, `agent haproxy-config` prints the line)",
            line.name
        )
    })
}
