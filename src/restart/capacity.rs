//! Checks that enough other servers are left in the backends that this host serves.
//!
//! Each look decides again whether this host serves. A line may be DOWN when the operation begins,
//! rise meanwhile, and carry users when the gate closes.

use super::{Limits, Observation, Phase};
use crate::haproxy::{BackendCapacity, BalancerObservation, Role, ServerLine};

impl ServerLine {
    /// HAProxy sends it users, or may do so from the next check on. A backup line of weight 0 keeps
    /// its sticky users.
    pub fn serves(&self) -> bool {
        let sticky = self.backup && self.status.is_up();
        self.status.is_usable() || self.status.is_rising() || sticky
    }
}

impl BalancerObservation {
    /// The backends (BALANCER backend NAME) that this host serves at this look.
    pub fn serving(&self) -> impl Iterator<Item = String> {
        let lines = self.lines().iter().filter(|line| line.serves());
        lines.map(|line| named(self, line.backend()))
    }

    /// Our main lines there are DOWN: other hosts no longer count this host.
    fn is_out_of(&self, backend: &str) -> bool {
        let mut lines = self.lines().iter();
        lines.all(|line| {
            let other = line.role != Role::Main || line.backend() != backend;
            other || line.status.is_out()
        })
    }
}

fn named(balancer: &BalancerObservation, backend: &str) -> String {
    format!("{} backend {backend}", balancer.name)
}

/// Whether other hosts see in a backend that this host is about to go: its twin is DOWN and its
/// main line UP. An operator's MAINT is no claim.
fn shows_claim(lines: &[ServerLine], backend: &str) -> bool {
    let twin = |line: &&ServerLine| line.role == Role::Twin && line.backend() == backend;
    let mut twins = lines.iter().filter(twin).peekable();
    twins.peek().is_some() && twins.all(|line| line.status.is_going())
}

/// In one of our backends other hosts can't see that this host is about to go.
pub fn lacks_claim(lines: &[ServerLine]) -> bool {
    lines.iter().any(|line| !shows_claim(lines, line.backend()))
}

impl Observation {
    /// The backends that this host serves and that have too few other servers.
    pub fn too_few(&self, limits: &Limits) -> Vec<String> {
        self.fewer(limits, |_, capacity| Some(capacity.usable))
    }

    /// The backends with too few usable servers that have not claimed to go next.
    pub fn too_few_stay(&self, limits: &Limits) -> Vec<String> {
        self.fewer(limits, |_, capacity| Some(capacity.staying()))
    }

    /// The same, if those that claim together with us and after us give way: they count as usable.
    pub fn too_few_in_turn(&self, limits: &Limits) -> Vec<String> {
        self.fewer(limits, |_, capacity| {
            Some(capacity.staying_in_turn(&limits.claimed_before))
        })
    }

    /// The backends with too few servers that are not out: also those that HAProxy has not proven yet.
    pub fn too_few_not_out(&self, limits: &Limits) -> Vec<String> {
        self.fewer(limits, |_, capacity| Some(capacity.not_out()))
    }

    /// The same for the backends in which no twin shows our claim, while our own lines go DOWN. Until its
    /// main line is DOWN, this host can still give way to a host whose first check has failed.
    /// After that, the other host gives way.
    pub fn too_few_beside(&self, limits: &Limits) -> Vec<String> {
        let claims = limits.claims() && !self.needs_no_claim(limits);
        self.fewer(limits, |balancer, capacity| {
            match balancer.is_out_of(&capacity.backend) {
                true => Some(capacity.not_out()),
                false if claims && self.has_claimed(balancer, &capacity.backend) => None,
                false => Some(capacity.staying()),
            }
        })
    }

    /// Other hosts see this host's claim, and have seen it before the main gate closed.
    fn has_claimed(&self, balancer: &BalancerObservation, backend: &str) -> bool {
        let is_late = self.unclaimed.contains(&named(balancer, backend));
        !is_late && shows_claim(balancer.lines(), backend)
    }

    /// The backends that later looks have as `unclaimed`, once the operation goes from one phase to another.
    pub fn unclaimed_after(&self, phase: &Phase, to: &Phase) -> Vec<String> {
        if (phase, to) != (&Phase::Claim, &Phase::Close) {
            return Vec::new();
        }
        let unclaimed = self.balancers.iter().flat_map(|balancer| {
            let backends = balancer.lines().iter().map(ServerLine::backend);
            let unclaimed = backends.filter(|backend| !shows_claim(balancer.lines(), backend));
            unclaimed.map(|backend| named(balancer, backend))
        });
        let mut unclaimed: Vec<String> = unclaimed.collect();
        unclaimed.sort();
        unclaimed.dedup();
        unclaimed
    }

    /// None: this backend needs no count.
    fn fewer(
        &self,
        limits: &Limits,
        count: impl Fn(&BalancerObservation, &BackendCapacity) -> Option<usize>,
    ) -> Vec<String> {
        let mut few = Vec::new();
        for balancer in &self.balancers {
            let served =
                |capacity: &&BackendCapacity| self.serving.contains(&capacity.of(&balancer.name));
            for capacity in balancer.backends().iter().filter(served) {
                let floor = capacity.floor(limits.min_available);
                if count(balancer, capacity).is_some_and(|count| count < floor) {
                    few.push(capacity.shortage(&balancer.name, limits.min_available));
                }
            }
        }
        few
    }

    /// The backends in which other hosts can't see a claim: we have no twin there, or an operator
    /// holds it out.
    pub fn without_claims(&self) -> Vec<String> {
        let mut without_claims = Vec::new();
        for balancer in &self.balancers {
            let backends = balancer.backends().iter();
            let unclaimed =
                backends.filter(|capacity| !shows_claim(balancer.lines(), &capacity.backend));
            let unclaimed = unclaimed.map(|capacity| capacity.of(&balancer.name));
            without_claims.extend(unclaimed.filter(|backend| self.serving.contains(backend)));
        }
        without_claims
    }
}
