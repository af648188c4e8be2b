//! An app in maintenance: keeps the gate of its page open and those of the app closed, and ends the
//! maintenance in time.

use super::act::SOON;
use super::next_action::Maintenance;
use super::reconciler::{REST, Reconciler};
use super::records::Records;
use super::retry::Retry;
use crate::config::AppSettings;
use crate::gate::{Gate, GateError, Position};
use crate::haproxy::BalancerObservation;
use crate::host::on_page;
use crate::restart::switch::Part;
use crate::restart::{Host, Verb};
use crate::state::hold::Held;
use crate::state::lock::LockError;
use std::time::Duration;

/// The exit code of a maintenance that is off, while the page finishes its last requests.
const STILL_DRAINING: u8 = 19;

impl Reconciler {
    /// None: it is off.
    pub(super) fn maintenance(&self, records: &Records) -> Option<Maintenance> {
        let held = records.held.as_ref();
        let held = held.filter(|held| held.is_of_maintenance())?;
        let (page, rules) = (self.app.at_page()?, self.rules.view.as_ref()?);
        let parked = on_page(&self.settings, &page, rules);
        let is_set = |(gate, open): &(Gate, bool)| match open {
            true => rules.position(gate) == Position::Open,
            false => rules.position(gate) == Position::Closed,
        };
        let gates = self.gates_of_maintenance();
        Some(Maintenance {
            kept: gates.iter().all(is_set) && rules.plan_parking(&parked).is_empty(),
            over: Held::ends_maintenance(held),
        })
    }

    /// The gate of the page, which is open, and then all gates of the app.
    fn gates_of_maintenance(&self) -> Vec<(Gate, bool)> {
        let gates = |app: AppSettings| self.settings.gates(&app).into_iter();
        let page = self.app.at_page().into_iter();
        let page = page.flat_map(gates).map(|gate| (gate, true));
        let app = self.app.instances().into_iter();
        let app = app.flat_map(gates).map(|gate| (gate, false));
        page.chain(app).collect()
    }

    /// Another process has changed the rules, or the host was started: sets them, whatever the
    /// balancers show.
    pub(super) async fn keep_maintenance(&mut self) -> Duration {
        let _lock = match self.begin_idle() {
            Ok(lock) => lock,
            Err(wait) => return wait,
        };
        if !self.read_records().may_be_on_the_page() {
            return SOON;
        }
        let set = self.set_page().await;
        if set == Ok(true) {
            let app = &self.app.name;
            tracing::warn!(%app, "{app}: maintenance is on, and the rules were others: the agent set \
                them again");
        }
        self.end_idle(set.map(drop), "the gate of the page can't be opened")
    }

    async fn set_page(&mut self) -> Result<bool, GateError> {
        let all = self.gates_of_maintenance();
        let all: Vec<(&Gate, bool)> = all.iter().map(|(gate, open)| (gate, *open)).collect();
        let set = self.host.ensure_all(&all).await?;
        let Some(page) = self.app.at_page() else {
            return Ok(set);
        };
        let rules = self.host.rules.look(&self.host.firewall).await?;
        let parked = on_page(&self.settings, &page, &rules);
        Ok(self.host.park(&parked).await? || set)
    }

    /// Users meet the app again, once it is healthy. It is asked before the lock is taken: an operator
    /// may have to restart it.
    pub(super) async fn end_maintenance(&mut self) -> Duration {
        if let Some(left) = self.retry_idle.and_then(Retry::left) {
            return left;
        }
        if let Err(why) = self.host.health(Part::Old).await {
            self.in_the_way(format!("the time of the maintenance is over, but {why}"));
            return REST;
        }
        let command = "agent run, maintenance off";
        let report = match self.switch(Verb::MaintenanceOff, command).await {
            Ok(report) => report,
            Err(LockError::Held(owner)) => return self.busy(owner.as_ref()),
            Err(error) => return self.failed_idle(error.to_string()),
        };
        let (app, outcome) = (&self.app.name, report.outcome);
        match report.exit {
            0 | STILL_DRAINING => tracing::warn!(%app, outcome, "{app}: {}", report.message),
            _ => {
                self.failure = Some(report.message.clone());
                return self.failed_idle(report.message);
            }
        }
        (self.retry_idle, self.failure) = (None, None);
        SOON
    }

    /// The balancers that can't be seen, if another one is.
    pub(super) fn unseen(&self) -> Vec<String> {
        let rotation = self.rotation.borrow();
        let unseen = |seen: &&BalancerObservation| seen.answer.is_err();
        let all = rotation.observed.len();
        let unseen: Vec<String> = rotation
            .observed
            .iter()
            .filter(unseen)
            .map(|one| one.name.clone())
            .collect();
        if unseen.len() == all {
            Vec::new()
        } else {
            unseen
        }
    }
}
