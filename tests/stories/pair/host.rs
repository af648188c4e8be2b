//! The host on paper, as the driver uses it.

use super::Pair;
use crate::paper::TICK;
use haproxy_gate::haproxy::{BalancerObservation, Role};
use haproxy_gate::restart::switch::Part;
use haproxy_gate::restart::{
    Action, ActionResult, Ask, Connections, Count, GroupLock, Host, OnMeanwhile, Phase,
};
use std::collections::BTreeMap;
use std::time::Duration;

impl Host for Pair {
    fn elapsed(&self) -> Duration {
        TICK * self.now
    }

    fn interrupted(&self) -> Option<i32> {
        self.signal
    }

    async fn balancers(&mut self, part: Part, ask: Ask) -> Vec<BalancerObservation> {
        self.shows(part, ask)
    }

    /// With master sockets only what came by the other's parked port matters. Without them the host's
    /// tables have everything that the target works on, and what goes on to the other one.
    async fn connections(
        &mut self,
        part: Part,
        before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>> {
        let from = |count| BTreeMap::from([([10, 0, 0, 1].into(), count)]);
        if self.has_masters {
            return Some(Ok(Connections::by_parked_port(from(self.brought(part)))));
        }
        let all = from(self.busy(part) + self.brought(part.other()));
        let connections = Connections::new(all, BTreeMap::new(), Ok(Count::at(before)));
        Some(Ok(Connections {
            addresses_known: true,
            ..connections
        }))
    }

    async fn oldest(&mut self) -> Option<Duration> {
        None
    }

    async fn health(&mut self, part: Part) -> Result<(), String> {
        match self.of(part).is_healthy(self.now) {
            true => Ok(()),
            false => Err("connection refused".to_owned()),
        }
    }

    async fn instance(&mut self) -> Option<String> {
        None
    }

    fn lock(&mut self, _phase: &Phase) -> GroupLock {
        let mut script = self.lock.iter().rev();
        let now = script.find(|(at, _)| *at <= self.now);
        now.map_or(GroupLock::Unused, |(_, lock)| lock.clone())
    }

    fn shown(&mut self) -> Vec<BalancerObservation> {
        Vec::new()
    }

    async fn causes(&mut self, _roles: &[Role]) -> Vec<String> {
        Vec::new()
    }

    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult {
        self.death.begins_action();
        let acted = self.acts(action, on);
        self.death.ends_action();
        acted
    }

    fn moved(&self) -> bool {
        self.moved
    }

    async fn pause(&mut self, _phase: &Phase, _lasted: Duration) {
        self.tick();
        self.death.looks(self.now);
    }
}
