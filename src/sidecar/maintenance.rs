//! An app in maintenance: keeps the gate of its page open and those of the app closed, and ends the
//! maintenance in time.

use super::act::SOON;
use super::next_action::Maintenance;
use super::reconciler::{REST, Reconciler};
use super::records::Records;
use super::retry::Retry;
use crate::gate::{Gate, Position};
use crate::haproxy::BalancerObservation;
use crate::host::{gates_on_page, on_page};
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
        let gates = gates_on_page(&self.settings, &self.app);
        Some(Maintenance {
            kept: gates.iter().all(is_set) && rules.plan_parking(&parked).is_empty(),
            over: Held::ends_maintenance(held),
        })
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
        let set = self.host.keep_page(&self.settings, &self.app).await;
        if set == Ok(true) {
            let app = &self.app.name;
            tracing::warn!(%app, "{app}: maintenance is on, and the rules were others: the agent set \
                them again");
        }
        self.end_idle(set.map(drop), "the gate of the page can't be opened")
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
