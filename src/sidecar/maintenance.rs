//! An app in maintenance: keeps the gate of its page open, and ends the maintenance in time.

use super::act::SOON;
use super::next_action::Maintenance;
use super::reconciler::Reconciler;
use super::records::Records;
use super::retry::Retry;
use crate::gate::Position;
use crate::host::on_page;
use crate::restart::Verb;
use crate::state::hold::Held;
use crate::state::lock::LockError;
use std::time::Duration;

impl Reconciler {
    /// None: it is off.
    pub(super) fn maintenance(&self, records: &Records) -> Option<Maintenance> {
        let held = records
            .held
            .as_ref()
            .filter(|held| held.is_of_maintenance())?;
        let (page, rules) = (self.app.at_page()?, self.rules.view.as_ref()?);
        let gate = self.settings.gates(&page).main;
        let parked = on_page(&self.settings, &page, rules);
        Some(Maintenance {
            kept: rules.position(&gate) == Position::Open && rules.plan_parking(&parked).is_empty(),
            over: Held::ends_maintenance(held),
        })
    }

    /// Another process has changed the rules: a second `on` sets them again.
    pub(super) async fn keep_maintenance(&mut self) -> Duration {
        self.turn(Verb::MaintenanceOn, "agent run, maintenance on")
            .await
    }

    /// Users meet the app again, once it is healthy.
    pub(super) async fn end_maintenance(&mut self) -> Duration {
        self.turn(Verb::MaintenanceOff, "agent run, maintenance off")
            .await
    }

    async fn turn(&mut self, verb: Verb, command: &str) -> Duration {
        if let Some(left) = self.retry_idle.and_then(Retry::left) {
            return left;
        }
        let report = match self.switch(verb, command).await {
            Ok(report) => report,
            Err(LockError::Held(owner)) => return self.busy(owner.as_ref()),
            Err(error) => return self.failed_idle(error.to_string()),
        };
        let (app, outcome) = (&self.app.name, report.outcome);
        match report.exit {
            0 => tracing::warn!(%app, outcome, "{app}: {}", report.message),
            _ => return self.failed_idle(report.message),
        }
        (self.retry_idle, self.failure) = (None, None);
        SOON
    }
}
