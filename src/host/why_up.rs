//! HAProxy, looked at while the app is touched; and why a line is UP then.

use super::ThisHost;
use super::meanwhile::Meanwhile;
use crate::gate::listeners;
use crate::restart::BalancerSeen;

impl ThisHost {
    /// From now on, unless it is looked at already.
    pub(super) fn meanwhile(&mut self) -> &mut Meanwhile {
        let balancers = &self.balancers;
        self.meanwhile
            .get_or_insert_with(|| Meanwhile::new(balancers))
    }

    /// What the balancers have shown since the last time; waits for nothing.
    pub(super) fn shown_meanwhile(&mut self) -> Vec<BalancerSeen> {
        self.meanwhile().take()
    }

    /// What answers the checks of closed gates, as far as this host can see it.
    pub(super) async fn why_up(&mut self) -> Vec<String> {
        let mut causes = Vec::new();
        for gate in self.gates.iter() {
            let port = gate.status_port;
            let told = |who: String| format!("{who} listens on the status port {port}: stop it");
            causes.extend(listeners(port).into_iter().map(told));
        }
        // As the preflight looks for them.
        if let Ok(view) = self.firewall.look().await {
            for gate in self.gates.iter() {
                let port = gate.status_port;
                let foreign = view.foreign(gate).into_iter();
                causes.extend(foreign.map(|rule| {
                    format!("a rule that is not ours leads the status port {port}: {rule}")
                }));
            }
        }
        causes
    }
}
