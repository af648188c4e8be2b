//! One look of an operation: the facts that its phase needs.

use super::Drive;
use crate::haproxy::{BalancerObservation, Role};
use crate::restart::{Connections, Host, Meanwhile, Observation};
use std::time::Duration;

impl<H: Host> Drive<'_, H> {
    pub(super) async fn look(&mut self) -> Observation {
        let balancers = self.look_at_balancers().await;
        let (connections, oldest) = match self.phase.watches_connections() {
            true => self.look_at_connections(&balancers).await,
            false => (None, None),
        };
        let health = match self.phase.asks_app() {
            true => Some(self.host.health().await),
            false => None,
        };
        // After the health probe, which may take its time, so that this look includes the same
        // moments.
        if self.phase.keeps_closed(self.verb) {
            self.look_meanwhile().await;
        }
        let elapsed = self.host.elapsed();
        Observation {
            elapsed,
            in_phase: elapsed.saturating_sub(self.entered),
            action_result: self.acted.clone(),
            version: self.journal.version().clone(),
            interrupted: self.host.interrupted(),
            balancers,
            serving: self.serving.clone(),
            connections,
            oldest,
            health,
        }
    }

    /// Empty: this phase asks none.
    async fn look_at_balancers(&mut self) -> Vec<BalancerObservation> {
        let Some(ask) = self.phase.asks_balancers(self.limits) else {
            return Vec::new();
        };
        let balancers = self.host.balancers(ask).await;
        self.timeline.balancers.clone_from(&balancers);
        for backend in balancers.iter().flat_map(BalancerObservation::serving) {
            if !self.serving.contains(&backend) {
                self.serving.push(backend);
            }
        }
        if self.phase.closes() {
            self.closed.on_the_way_out(&balancers);
        }
        balancers
    }

    /// The connections to the app, and how long the oldest request has waited.
    async fn look_at_connections(
        &mut self,
        balancers: &[BalancerObservation],
    ) -> (Option<Result<Connections, String>>, Option<Duration>) {
        let connections = self.host.connections(balancers).await;
        let carries = balancers.iter().any(|one| one.in_flight() > 0);
        let oldest = match &connections {
            Some(connections) => connections.as_ref().ok().and_then(|all| all.oldest),
            None if carries && self.progress.shows_ages() => self.host.oldest().await,
            None => None,
        };
        (connections, oldest)
    }

    /// Waits for no balancer.
    async fn look_meanwhile(&mut self) {
        for shown in self.host.shown() {
            if self.judge(Meanwhile::Lines(shown)) {
                let causes = self.host.causes(&[Role::Main, Role::Twin]).await;
                self.judge(Meanwhile::Causes(causes));
            }
        }
    }
}
