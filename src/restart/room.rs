//! What a host means to the backends it serves, for a restart of many hosts: is it in rotation, and
//! how many more hosts can be taken out?

use super::{BalancerFacts, Facts};
use crate::haproxy::Role;

impl Facts {
    /// Every balancer answers, and shows all lines of this host fully UP.
    pub fn in_rotation(&self) -> bool {
        let up = |facts: &BalancerFacts| facts.lines.iter().all(|(line, _)| line.proven);
        let mut balancers = self.balancers.iter();
        balancers.all(|(_, facts)| facts.as_ref().is_ok_and(up))
    }

    /// Users come to this host now, so a backend loses a server when it goes.
    pub fn serves(&self) -> bool {
        let balancers = self.balancers.iter();
        let lines = balancers
            .filter_map(|(_, facts)| facts.as_ref().ok())
            .flat_map(|facts| &facts.lines);
        lines.into_iter().any(|(line, _)| line.status.is_usable())
    }

    /// How many hosts can still be taken out of the tightest backend, so that `min_available`
    /// usable servers are left. Negative: there are too few already. None: a balancer can't be
    /// seen.
    pub fn spare(&self, min_available: usize) -> Option<i64> {
        let mut spare = Vec::new();
        for (_, facts) in &self.balancers {
            let facts = facts.as_ref().ok()?;
            let room = |capacity| signed(facts.usable(capacity)) - signed(min_available);
            spare.extend(facts.backends.iter().map(room));
        }
        spare.into_iter().min()
    }
}

impl BalancerFacts {
    /// The usable servers of a backend, this host among them.
    fn usable(&self, capacity: &crate::haproxy::BackendCapacity) -> usize {
        let mut lines = self.lines.iter().map(|(line, _)| line);
        let own = lines.any(|line| {
            let main = line.role == Role::Main && line.status.is_usable();
            main && line.backend() == capacity.backend
        });
        capacity.staying() + usize::from(own)
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
