//! One look at one balancer, as the core wants it.

use crate::haproxy::{Balancer, Own, Role, ServerStat, Unseen};
use crate::restart::{Ask, BalancerSeen, LineSeen, goes_unseen};
use std::time::Duration;

/// One look at one balancer. If part of it can't be seen, the whole balancer counts as unseen.
pub(crate) async fn seen(balancer: &mut Balancer, ask: Ask) -> BalancerSeen {
    let mut seen = BalancerSeen {
        name: balancer.name.clone(),
        lines: Err(String::new()),
        reloaded: false,
        uptime: None,
        others: Vec::new(),
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
        Ask::OthersSoon(true) if !goes_unseen(&shown) => {}
        Ask::OthersSoon(_) => seen.others = balancer.others_soon().await?.unwrap_or_default(),
        Ask::OthersOnceOut(role) if lines.iter().any(|line| is_in(line, role)) => {}
        // A claim may last for many looks.
        Ask::OthersOnceOut(_) => seen.others = balancer.others_in_time().await?,
        Ask::Others => seen.others = balancer.others().await?,
        // Polling the master often caused failures (haproxy/haproxy#1512, #3070). Nothing depends
        // on its answer before the lines of the current worker are quiet.
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
