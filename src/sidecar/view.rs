//! The state of an app, for metrics.

use super::reconciler::Reconciler;
use super::records::Records;
use crate::gate::Position;
use crate::haproxy::Role;
use crate::metrics::{AppView, BalancerView, HoldView, TargetView};
use crate::restart::PerGate;
use crate::state::declared;
use crate::state::hold::Held;

impl Reconciler {
    /// Hands the app's view to the status publisher.
    pub(super) fn show(&mut self) {
        let records = self.at_rest.take();
        let records = records.unwrap_or_else(|| self.read_records());
        let positions = self.rules.positions.as_ref().map(PerGate::as_ref);
        let open = positions.map_or_else(PerGate::default, |positions| positions.map(is_open));
        let gates = self.host.gates.iter().map(|gate| match gate.role {
            Role::Main => (gate.role, open.main),
            Role::Twin | Role::ClassicTwin => (gate.role, open.twin.flatten()),
        });
        let rotation = self.rotation.borrow();
        let view = AppView {
            app: self.app.name.clone(),
            gates: gates.collect(),
            healthy: self.checks.last(),
            hold: hold(&records),
            maintenance: self.is_in_maintenance(&records),
            readonly: self.is_readonly(),
            unfinished: records.is_unfinished(),
            balancers: rotation.observed.iter().map(BalancerView::from).collect(),
            targets: self.targets(),
        };
        // The reconciler checks the health before an operation, and the operation does again.
        self.publisher.alive(view, 2 * self.app.health.timeout);
    }

    fn is_in_maintenance(&self, records: &Records) -> Option<bool> {
        self.app.page.as_ref()?;
        let held = records.held.as_ref();
        Some(held.is_some_and(Held::is_of_maintenance))
    }

    fn is_readonly(&self) -> Option<bool> {
        self.app.readonly?;
        let record = declared::find(&self.settings.agent.hold_dir, &self.app.name);
        Some(record.ok()?.is_some())
    }

    /// The targets, if the record shows which one is current.
    fn targets(&self) -> Vec<TargetView> {
        let record = self.record.as_ref();
        record.map_or_else(Vec::new, |record| {
            TargetView::all(&self.app.target_names(), record)
        })
    }
}

/// The hold. An upgrade has not failed while its operation is unfinished.
fn hold(records: &Records) -> Option<HoldView> {
    let report = records.held.as_ref()?.report(records.is_unfinished());
    Some(HoldView {
        by: report.by,
        failed: report.failed,
    })
}

/// None if the gate is neither open nor closed.
fn is_open(position: &Position) -> Option<bool> {
    match position {
        Position::Open => Some(true),
        Position::Closed => Some(false),
        Position::Broken(_) | Position::Unknown(_) => None,
    }
}
