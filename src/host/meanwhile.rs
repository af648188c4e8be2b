//! HAProxy, looked at while the app is touched. A balancer that hangs keeps nothing waiting: each
//! is asked by a task of its own, and what it has shown is taken when it is there.

use super::{ThisHost, look};
use crate::gate::{Foreign, listeners, native as native_redirects, native_rules};
use crate::haproxy::Balancer;
use crate::restart::{Ask, BalancerSeen};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// From one look to the next: no health check comes much more often.
const PACE: Duration = Duration::from_millis(100);

/// Looks that wait to be taken; then the next one waits.
const ROOM: usize = 16;

/// The looks, from when it was made until it is dropped.
pub(super) struct Meanwhile {
    shown: Receiver<BalancerSeen>,
    _looking: JoinSet<()>,
}

impl Meanwhile {
    /// With our lines as they were found.
    pub(super) fn new(balancers: &[Balancer]) -> Meanwhile {
        let (sender, shown) = channel(ROOM);
        let mut looking = JoinSet::new();
        for balancer in balancers.iter().cloned() {
            looking.spawn(ask(balancer, sender.clone()));
        }
        Meanwhile {
            shown,
            _looking: looking,
        }
    }

    /// The next look; never, where there is no balancer.
    pub(super) async fn next(&mut self) -> BalancerSeen {
        match self.shown.recv().await {
            Some(seen) => seen,
            None => std::future::pending().await,
        }
    }

    /// What has been shown so far.
    fn take(&mut self) -> Vec<BalancerSeen> {
        std::iter::from_fn(|| self.shown.try_recv().ok()).collect()
    }
}

async fn ask(mut balancer: Balancer, sender: Sender<BalancerSeen>) {
    while sender
        .send(look::seen(&mut balancer, Ask::Lines).await)
        .await
        .is_ok()
    {
        tokio::time::sleep(PACE).await;
    }
}

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
        for gate in &self.gates {
            let port = gate.status_port;
            let told = |who: String| format!("{who} listens on the status port {port}: stop it");
            causes.extend(listeners(port).into_iter().map(told));
        }
        // The preflight refuses the certain ones; these may have come since, or be possible.
        let (view, native) = tokio::join!(self.firewall.look(), native_rules());
        let native = native.ok().flatten().unwrap_or_default();
        for gate in &self.gates {
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
