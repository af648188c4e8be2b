//! Looks at HAProxy while the app is restarted or upgraded, and finds why a line is UP then.

use super::ThisHost;
use super::meanwhile::BackgroundLooks;
use crate::gate::{Foreign, listeners};
use crate::haproxy::{BalancerObservation, Role};
use std::time::Duration;
use tokio::time::timeout;

/// iptables and nft answer in milliseconds. The operation handles no signal while it asks them.
const A_MOMENT: Duration = Duration::from_secs(2);

impl ThisHost {
    /// Begins to look, unless it does so already.
    pub(super) fn meanwhile(&mut self) -> &mut BackgroundLooks {
        let balancers = &self.balancers;
        self.meanwhile
            .get_or_insert_with(|| BackgroundLooks::new(balancers))
    }

    /// What the balancers have shown since the last time. Waits for nothing.
    pub(super) fn shown_meanwhile(&mut self) -> Vec<BalancerObservation> {
        self.meanwhile().take()
    }

    /// What answers the checks of these closed gates, as far as this host can see.
    pub(super) async fn why_up(&mut self, roles: &[Role]) -> Vec<String> {
        let mut causes = Vec::new();
        let gates = || self.gates.iter().filter(|gate| roles.contains(&gate.role));
        for gate in gates() {
            let port = gate.status_port;
            let cause = |who: String| format!("{who} listens on the status port {port}: stop it");
            causes.extend(listeners(port).into_iter().map(cause));
        }
        // The preflight refuses the certain ones. These may be newer, or only possible.
        let view = timeout(A_MOMENT, self.firewall.look_within(A_MOMENT / 2)).await;
        let at = self.checked_addresses();
        let view = view.map(|view| view.map(|view| view.checked_at(at)));
        for gate in gates() {
            let views = view.iter().flatten();
            let mut foreign: Vec<Foreign> = views.flat_map(|view| view.foreign(gate)).collect();
            foreign.sort_by_key(|rule| !rule.is_certain());
            causes.extend(foreign.iter().map(|rule| cause(gate.status_port, rule)));
        }
        causes
    }
}

fn cause(port: u16, rule: &Foreign) -> String {
    match rule.is_certain() {
        true => format!("a rule that is not ours redirects the status port {port}: {rule}"),
        false => format!("this rule may redirect the status port {port}: {rule}"),
    }
}
