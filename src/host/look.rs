//! One look at one balancer, as the core wants it.

use crate::haproxy::{Balancer, Own, Role, ServerStat, Unseen};
use crate::restart::{Ask, BalancerSeen, LineSeen, lacks_claim};
use std::time::Duration;

/// One look at one balancer. If part of it can't be seen, the whole balancer counts as unseen.
pub(crate) async fn seen(balancer: &mut Balancer, ask: Ask) -> BalancerSeen {
    let mut seen = BalancerSeen {
        name: balancer.name.clone(),
        lines: Err(String::new()),
        reloaded: false,
        uptime: None,
        backends: Vec::new(),
        leaving: None,
    };
    seen.lines = match look(balancer, ask, &mut seen).await {
        Ok(lines) => Ok(lines),
        Err(unseen) => Err(unseen.to_string()),
    };
    seen
}

async fn look(
    balancer: &mut Balancer,
    ask: Ask,
    seen: &mut BalancerSeen,
) -> Result<Vec<LineSeen>, Unseen> {
    let lines = balancer.poll().await?;
    seen.reloaded = balancer.was_reloaded();
    seen.uptime = balancer
        .worker()
        .map(|worker| Duration::from_secs(worker.uptime));
    let shown: Vec<LineSeen> = lines
        .iter()
        .map(|(own, stat)| line_seen(own, stat))
        .collect();
    match ask {
        Ask::Lines => {}
        Ask::CapacityIfDue(true) if !lacks_claim(&shown) => {}
        Ask::CapacityIfDue(_) => {
            seen.backends = balancer.capacities_if_due().await?.unwrap_or_default();
        }
        Ask::CapacityOnceOut(role) if lines.iter().any(|line| is_in(line, role)) => {}
        // A claim may be kept for many looks.
        Ask::CapacityOnceOut(_) => seen.backends = balancer.capacities_when_due().await?,
        Ask::Capacity => seen.backends = balancer.capacities().await?,
        // Polling the master often has hurt (haproxy/haproxy#1512, #3070), and nothing is
        // decided before those of the current worker's lines are quiet that must be.
        Ask::Leaving if lines.iter().any(must_drain_yet) => {}
        Ask::Leaving => seen.leaving = balancer.leaving().await?,
    }
    Ok(shown)
}

pub(crate) fn line_seen(own: &Own, stat: &ServerStat) -> LineSeen {
    LineSeen {
        name: format!("{}/{}", own.backend, own.server),
        role: own.role,
        status: stat.status.clone(),
        out: stat.is_out(),
        check: stat.check.clone(),
        proven: stat.proven,
        in_flight: stat.in_flight,
        sessions: stat.sessions,
        connections: stat.connections,
    }
}

fn is_in((own, stat): &(Own, ServerStat), role: Role) -> bool {
    own.role == role && !stat.is_out()
}

/// The classic twin goes on serving. What leaving workers carry counts beside it.
fn must_drain_yet((own, stat): &(Own, ServerStat)) -> bool {
    own.role != Role::ClassicTwin && stat.in_flight > 0
}
