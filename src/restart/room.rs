//! What a host means to the backends it serves, for a restart of many hosts: is it in rotation, and
//! how many more hosts can be taken out?

use super::GatesFound;
use crate::haproxy::{Answer, BackendCapacity, BalancerObservation, Floor, Role, ServerLine};

/// Every balancer answers, and shows all lines of this host fully UP.
pub fn in_rotation(balancers: &[BalancerObservation]) -> bool {
    balancers.iter().all(BalancerObservation::all_up)
}

/// Users come to this host now or from the next check on, so a backend loses a server when it goes.
pub fn is_serving(balancers: &[BalancerObservation]) -> bool {
    let mut lines = balancers.iter().flat_map(BalancerObservation::lines);
    lines.any(ServerLine::serves)
}

/// No user comes, so it takes no further server away: its gates are closed already, or its app has failed.
pub fn is_out(
    gates: GatesFound,
    health: &Result<(), String>,
    balancers: &[BalancerObservation],
) -> bool {
    match gates {
        GatesFound::Open => has_failed(health, balancers),
        _ => !is_serving(balancers),
    }
}

/// The app does not answer, and every balancer shows all lines of this host out. The lines of an app that
/// answers are about to rise. Requests in flight do not matter: the drain waits for those, and other hosts
/// count this one as gone already.
pub(super) fn has_failed(health: &Result<(), String>, balancers: &[BalancerObservation]) -> bool {
    let is_out = |balancer: &BalancerObservation| {
        let lines = balancer.lines();
        !lines.is_empty() && lines.iter().all(|line| line.status.is_out())
    };
    health.is_err() && !balancers.is_empty() && balancers.iter().all(is_out)
}

/// How many hosts can still be taken out of the tightest backend, so that `min_available` usable
/// servers are left. Negative: there are too few already. None: a balancer can't be seen.
pub fn spare(balancers: &[BalancerObservation], min_available: Floor) -> Option<i64> {
    let mut spare = Vec::new();
    for balancer in balancers {
        let answer = balancer.answer.as_ref().ok()?;
        let room = |capacity: &BackendCapacity| {
            signed(answer.usable(capacity)) - signed(capacity.floor(min_available))
        };
        spare.extend(answer.backends.iter().map(room));
    }
    spare.into_iter().min()
}

impl Answer {
    /// The usable servers of a backend, this host among them.
    fn usable(&self, capacity: &BackendCapacity) -> usize {
        let mut lines = self.lines.iter();
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
