//! Looks at HAProxy while the app is restarted or upgraded, and finds why a line is UP then.

use super::ThisHost;
use super::meanwhile::Meanwhile;
use crate::gate::{Foreign, listeners, native as native_redirects, native_rules};
use crate::restart::BalancerSeen;

impl ThisHost {
    /// Begins to look, unless it does so already.
    pub(super) fn meanwhile(&mut self) -> &mut Meanwhile {
        let balancers = &self.balancers;
        self.meanwhile
            .get_or_insert_with(|| Meanwhile::new(balancers))
    }

    /// What the balancers have shown since the last time. Waits for nothing.
    pub(super) fn shown_meanwhile(&mut self) -> Vec<BalancerSeen> {
        self.meanwhile().take()
    }

    /// What answers the checks of closed gates, as far as this host can see.
    pub(super) async fn why_up(&mut self) -> Vec<String> {
        let mut causes = Vec::new();
        for gate in self.gates.iter() {
            let port = gate.status_port;
            let cause = |who: String| format!("{who} listens on the status port {port}: stop it");
            causes.extend(listeners(port).into_iter().map(cause));
        }
        // The preflight refuses the certain ones. These may be newer, or only possible.
        let (view, native) = tokio::join!(self.firewall.look(), native_rules());
        let native = native.ok().flatten().unwrap_or_default();
        for gate in self.gates.iter() {
            let iptables = view.iter().flat_map(|view| view.foreign(gate));
            let foreign = iptables.chain(native_redirects(&native, gate));
            let mut foreign: Vec<Foreign> = foreign.collect();
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
