//! One look at one balancer. Every observation is made here, from the answers of its socket.

use super::asking::Asking;
use crate::haproxy::{
    Answer, Balancer, BalancerObservation, NoAnswer, Own, Role, ServerLine, ServerStat, Unseen,
};
use crate::restart::{Ask, lacks_claim};

/// Looks at our lines, and at what else the phase of an operation asks for.
pub(crate) async fn observe(balancer: &mut Balancer, ask: Ask) -> BalancerObservation {
    let answer = for_phase(balancer, ask).await;
    observation(balancer, answer.map_err(NoAnswer::from))
}

/// Looks at our lines, and at the backends that serve us. A look that finds the lines also asks
/// the master CLI, to know whether it answers.
pub(super) async fn observe_all(balancer: &mut Balancer, asking: Asking) -> BalancerObservation {
    let answer = all(balancer, asking).await;
    observation(balancer, answer)
}

/// Looks at our lines alone, and finds them before if it does not know them.
pub(super) async fn observe_lines(balancer: &mut Balancer) -> BalancerObservation {
    let answer = lines_alone(balancer).await;
    observation(balancer, answer)
}

/// Finds our lines and looks at them. None: there are no such lines.
pub(super) async fn observe_if_there(balancer: &mut Balancer) -> Option<BalancerObservation> {
    let answer = match balancer.find().await {
        Ok(Err(_missing)) => return None,
        Ok(Ok(_)) => for_phase(balancer, Ask::Lines).await,
        Err(unseen) => Err(unseen),
    };
    Some(observation(balancer, answer.map_err(NoAnswer::from)))
}

fn observation(balancer: &Balancer, answer: Result<Answer, NoAnswer>) -> BalancerObservation {
    BalancerObservation {
        name: balancer.name.clone(),
        worker: balancer.worker().cloned(),
        reloaded: balancer.was_reloaded(),
        answer,
    }
}

async fn for_phase(balancer: &mut Balancer, ask: Ask) -> Result<Answer, Unseen> {
    let rows = balancer.poll().await?;
    let lines = server_lines(&rows);
    let (mut backends, mut leaving, mut errors) = (Vec::new(), None, None);
    match ask {
        Ask::Lines => {}
        Ask::CapacityIfDue(true) if !lacks_claim(&lines) => {}
        Ask::CapacityIfDue(_) => {
            backends = balancer.capacities_if_due().await?.unwrap_or_default();
        }
        Ask::CapacityOnceOut(role) if lines.iter().any(|line| is_in(line, role)) => {}
        // A claim may be kept for many looks.
        Ask::CapacityOnceOut(_) | Ask::CapacityWhenDue => {
            backends = balancer.capacities_when_due().await?;
        }
        Ask::Capacity => backends = balancer.capacities().await?,
        // Polling the master often has hurt (haproxy/haproxy#1512, #3070), and nothing is
        // decided before those of the current worker's lines are quiet that must be.
        Ask::Leaving if lines.iter().any(must_drain_yet) => {}
        Ask::Leaving => leaving = balancer.leaving().await?,
        Ask::Errors => errors = balancer.errors_if_due().await?,
    }
    Ok(Answer {
        lines,
        backends,
        leaving,
        errors,
    })
}

async fn lines_alone(balancer: &mut Balancer) -> Result<Answer, NoAnswer> {
    if balancer.own().is_empty() {
        find(balancer).await?;
    }
    Ok(for_phase(balancer, Ask::Lines).await?)
}

async fn find(balancer: &mut Balancer) -> Result<(), NoAnswer> {
    let found = balancer.find().await?.map(drop);
    found.map_err(|missing| NoAnswer {
        checks: missing.checks,
        fix: Some(missing.fix),
        ..NoAnswer::missing(missing.what, balancer.worker())
    })
}

async fn all(balancer: &mut Balancer, asking: Asking) -> Result<Answer, NoAnswer> {
    let finds = asking == Asking::Anew || balancer.own().is_empty();
    if finds {
        find(balancer).await?;
    }
    let lines = server_lines(&balancer.poll().await?);
    let backends = match asking {
        Asking::OfKnownLines => balancer.recent_capacities().await?,
        _ => balancer.capacities().await?,
    };
    let leaving = match finds {
        true => balancer.leaving().await?,
        false => None,
    };
    Ok(Answer {
        lines,
        backends,
        leaving,
        errors: None,
    })
}

fn server_lines(rows: &[(Own, ServerStat)]) -> Vec<ServerLine> {
    rows.iter()
        .map(|(own, stat)| server_line(own, stat))
        .collect()
}

pub(super) fn server_line(own: &Own, stat: &ServerStat) -> ServerLine {
    ServerLine {
        name: format!("{}/{}", own.backend, own.server),
        role: own.role,
        backup: stat.backup,
        status: stat.status.clone(),
        out: stat.is_out(),
        check: stat.check.clone(),
        proven: stat.proven,
        in_flight: stat.in_flight,
        mode: stat.mode,
        sessions: stat.sessions,
        connections: stat.connections,
    }
}

fn is_in(line: &ServerLine, role: Role) -> bool {
    line.role == role && !line.out
}

/// The classic twin goes on serving. What leaving workers carry counts beside it.
fn must_drain_yet(line: &ServerLine) -> bool {
    line.role != Role::ClassicTwin && line.in_flight > 0
}
