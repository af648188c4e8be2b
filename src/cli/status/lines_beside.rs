//! The lines of a page or a marker, as HAProxy shows them. Pure.

use crate::haproxy::{BalancerObservation, CheckStatus, ServerLine};

/// Where HAProxy shows it UP.
pub(super) fn up_on(balancers: &[BalancerObservation]) -> usize {
    balancers.iter().filter(|one| is_up(one)).count()
}

/// `, UP on 1 of 2 balancers`.
pub(super) fn up(balancers: &[BalancerObservation]) -> String {
    let (up, all) = (up_on(balancers), balancers.len());
    let plural = if all == 1 { "" } else { "s" };
    format!(", UP on {up} of {all} balancer{plural}")
}

/// The lines of a balancer that are not UP although their gate is to be open, with what that means for
/// users.
pub(super) fn unused(
    app: &str,
    (lines, means): (&str, &str),
    balancer: &BalancerObservation,
) -> Vec<String> {
    let name = &balancer.name;
    if let Some(why) = balancer.unseen() {
        return vec![format!("{lines}: {why}")];
    }
    let lines = balancer.lines().iter();
    let unused = lines.filter(|line| !line.status.is_usable() && !is_coming_up(line));
    let unused = unused.map(|line| {
        let (line, status) = (&line.name, &line.status);
        let fix = match status.kept_out(line) {
            Some(kept) => format!("{}; {}", kept.by, kept.fix),
            None => format!("`agent doctor {app}` looks for the cause"),
        };
        format!("{name}: {line} is {status}, so {means}; {fix}")
    });
    unused.collect()
}

/// It shows each of the lines UP.
fn is_up(balancer: &BalancerObservation) -> bool {
    let mut lines = balancer.lines().iter();
    !balancer.lines().is_empty() && lines.all(|line| line.status.is_usable())
}

fn is_coming_up(line: &ServerLine) -> bool {
    line.status.is_rising() && line.check.as_ref().is_some_and(CheckStatus::passed)
}
