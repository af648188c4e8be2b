//! One look of an operation: the facts that its phase needs.

use super::Drive;
use crate::haproxy::{BalancerObservation, Role, both};
use crate::restart::settle::Figures;
use crate::restart::{Connections, Host, Meanwhile, Observation, Phase};
use std::time::Duration;

/// The time between two questions to an app that serves users.
const ASK: Duration = Duration::from_millis(500);

impl<H: Host> Drive<'_, H> {
    pub(super) async fn look(&mut self) -> Observation {
        let balancers = self.look_at_balancers().await;
        let (connections, oldest) = match self.phase.watches_connections() {
            true => self.look_at_connections(&balancers).await,
            false => (None, None),
        };
        let other = self.look_at_other().await;
        if !other.is_empty() {
            self.timeline.balancers = both(&balancers, &other);
        }
        if let Phase::Switch(_) = self.phase
            && !balancers.is_empty()
        {
            self.timeline.balancers = of_both(&balancers, &other);
        }
        let settle = self.look_at_errors(&balancers, &other);
        let health = self.look_at_health().await;
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
            unclaimed: self.unclaimed.clone(),
            lock: self.host.lock(&self.phase),
            connections,
            oldest,
            health,
            failing: self.failing,
            other,
            ran_before: self.journal.ran_before(),
            settle,
            settle_in_phase: settle.map(|_| self.watch.in_phase()),
        }
    }

    /// While the driver waits for the app, it asks at each look, else now and then.
    async fn look_at_health(&mut self) -> Option<Result<(), String>> {
        let at = self.host.elapsed();
        let due = self.phase.needs_health() || at >= self.ask_again;
        if !self.phase.asks_app() || !due {
            return None;
        }
        let health = self.host.health(self.phase.serves()).await;
        self.ask_again = self.host.elapsed() + ASK;
        self.failing = match health {
            Err(_) if self.phase != Phase::Lock => self.failing + 1,
            _ => 0,
        };
        Some(health)
    }

    /// What the balancers show of the other target of a switch.
    async fn look_at_other(&mut self) -> Vec<BalancerObservation> {
        match self.phase.asks_other(self.limits) {
            Some(ask) => self.host.balancers(self.phase.part().other(), ask).await,
            None => Vec::new(),
        }
    }

    /// What HAProxy has counted on the lines of the version that is watched, or is about to be.
    fn look_at_errors(
        &mut self,
        balancers: &[BalancerObservation],
        other: &[BalancerObservation],
    ) -> Option<Figures> {
        let counts = self.phase.counts(self.limits);
        counts.then(|| self.watch.look(self.phase.serving(balancers, other)))
    }

    /// Empty: this phase asks none.
    async fn look_at_balancers(&mut self) -> Vec<BalancerObservation> {
        let Some(ask) = self.phase.asks_balancers(self.limits) else {
            return Vec::new();
        };
        let ask = ask.with(&self.unclaimed);
        let balancers = self.host.balancers(self.phase.part(), ask).await;
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
        let connections = self.host.connections(self.phase.part(), balancers).await;
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

/// The lines of both targets, by balancer.
fn of_both(
    balancers: &[BalancerObservation],
    other: &[BalancerObservation],
) -> Vec<BalancerObservation> {
    let mut both = balancers.to_vec();
    for (balancer, other) in both.iter_mut().zip(other) {
        if let Ok(answer) = &mut balancer.answer {
            answer.lines.extend_from_slice(other.lines());
        }
    }
    both
}
