//! How an app stands, for metrics.

use super::care::Care;
use crate::gate::Position;
use crate::metrics::{AppView, BalancerView};
use crate::restart::BalancerSeen;
use crate::state::hold;

impl Care {
    /// Shows it to the board.
    pub(super) fn show(&self) {
        let gates = self.host.gates.iter().enumerate();
        let position = |at: usize| match self.positions.get(at)? {
            Position::Open => Some(true),
            Position::Closed => Some(false),
            Position::Broken(_) => None,
        };
        let rotation = self.rotation.borrow();
        let view = AppView {
            app: self.app.name.clone(),
            gates: gates.map(|(at, gate)| (gate.role, position(at))).collect(),
            healthy: self.answered(),
            held: hold::now(self.hold_dir(), &self.app.name).is_some(),
            balancers: rotation.seen.iter().map(balancer).collect(),
        };
        // Asked before an operation, and in it.
        self.board.alive(view, 2 * self.app.health.timeout);
    }
}

fn balancer(seen: &BalancerSeen) -> BalancerView {
    let lines = seen.lines.as_ref().ok();
    let of = |lines: &Vec<crate::restart::LineSeen>| {
        let lines = lines.iter();
        lines.map(|line| (line.name.clone(), line.proven)).collect()
    };
    BalancerView {
        name: seen.name.clone(),
        lines: lines.map(of),
    }
}
