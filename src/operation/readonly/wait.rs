//! Moves the gate and waits for HAProxy's answer.

use crate::haproxy::{BackendCapacity, BalancerObservation, CheckStatus, ServerLine};
use crate::host::ThisHost;
use crate::restart::switch::Part;
use crate::restart::{Action, ActionResult, Ask, Host};
use std::time::{Duration, Instant};

/// The line of a marker's backend that no program answers. HAProxy's rule refuses nothing while it is UP:
/// after a reload its first check is the last of that backend.
const CHECKED: &str = "checked";

/// What came first.
pub(super) enum Waited {
    /// Every balancer shows it.
    Shown,
    /// The limit: what they show.
    Late(Vec<String>),
    /// This signal.
    Interrupted(i32),
    /// The rules could not be set up to the limit: why.
    GateFailed(String),
}

/// Opens or closes the gate, again at each look: another process may flush the rules meanwhile. It does
/// not wait for the balancers that were `unseen` before, unless they are seen now.
pub(super) async fn wait(
    host: &mut ThisHost,
    on: bool,
    limit: Duration,
    unseen: &[String],
    seen: &mut Vec<BalancerObservation>,
) -> Waited {
    let begun = Instant::now();
    let ask = match on {
        true => Ask::CapacityWhenDue,
        false => Ask::Lines,
    };
    loop {
        let moved = set(host, on).await;
        *seen = host.balancers(Part::Old, ask).await;
        let waiting = waiting(on, seen, unseen);
        let late = begun.elapsed() >= limit;
        match moved {
            ActionResult::Done if waiting.is_empty() => return Waited::Shown,
            ActionResult::Done if late => return Waited::Late(waiting),
            ActionResult::Failed(why) if late => return Waited::GateFailed(why),
            _ => {}
        }
        if let Some(signal) = host.interrupted() {
            return Waited::Interrupted(signal);
        }
        tokio::time::sleep(host.poll()).await;
    }
}

/// Opens or closes the gate once.
pub(super) async fn set(host: &mut ThisHost, on: bool) -> ActionResult {
    let action = match on {
        true => Action::OpenBoth,
        false => Action::CloseBoth,
    };
    host.act(action, &mut |_, _| false).await
}

/// The balancers that do not show it yet, and the lines, one entry each.
pub(super) fn waiting(
    on: bool,
    balancers: &[BalancerObservation],
    unseen: &[String],
) -> Vec<String> {
    let hidden = balancers.iter().filter(|one| !unseen.contains(&one.name));
    let hidden = hidden.filter_map(BalancerObservation::unseen);
    hidden.chain(not_shown(on, balancers)).collect()
}

/// The lines that show otherwise, one entry each.
pub(super) fn not_shown(on: bool, balancers: &[BalancerObservation]) -> Vec<String> {
    let is_shown = |line: &ServerLine| if on { refuses(line) } else { line.out };
    let mut waiting = Vec::new();
    for balancer in balancers {
        let unchecked = balancer.backends().iter().filter(|_| on);
        let unchecked = unchecked.filter(|backend| is_unchecked(backend));
        waiting.extend(unchecked.map(|backend| {
            format!(
                "{} {}/{CHECKED} is UP: HAProxy was reloaded and takes writes until the first check of \
                 that line",
                balancer.name, backend.backend
            )
        }));
        let others = balancer.lines().iter().filter(|line| !is_shown(line));
        waiting.extend(
            others.map(|line| format!("{} {} is {}", balancer.name, line.name, line.status)),
        );
    }
    waiting
}

/// HAProxy counts a line as UP from a reload until its first check: with `fall 1` as fully UP.
fn refuses(line: &ServerLine) -> bool {
    line.proven && line.check.as_ref().is_none_or(CheckStatus::passed)
}

fn is_unchecked(backend: &BackendCapacity) -> bool {
    backend.unproven.iter().any(|server| server == CHECKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haproxy::Role;

    fn shows(status: &str) -> BalancerObservation {
        let line = ServerLine::idle("readonly/web1", Role::Main, status);
        BalancerObservation::of_lines(vec![line])
    }

    /// A balancer that can't be seen shows neither.
    #[test]
    fn only_a_whole_answer_ends_the_wait() {
        for (on, status, waits) in [
            (true, "UP", None),
            (true, "UP 1/2", Some("lb readonly/web1 is UP 1/2")),
            (true, "DOWN", Some("lb readonly/web1 is DOWN")),
            (true, "MAINT", Some("lb readonly/web1 is MAINT")),
            (false, "DOWN", None),
            (false, "UP 1/2", Some("lb readonly/web1 is UP 1/2")),
            (false, "UP", Some("lb readonly/web1 is UP")),
        ] {
            let waits: Vec<String> = waits.into_iter().map(str::to_owned).collect();
            assert_eq!(waiting(on, &[shows(status)], &[]), waits, "{on} {status}");
            let both = [shows(status), BalancerObservation::silent("refused")];
            let unseen = waiting(on, &both, &[]);
            assert_eq!(unseen[0], "lb can't be seen: refused");
            assert_eq!(unseen[1..], waits);
            // One that was unseen before is not waited for, and counts as soon as it is seen.
            let known = ["lb".to_owned()];
            assert_eq!(waiting(on, &both, &known), waits);
        }
    }

    /// Right after a reload HAProxy still takes writes, whatever the line of the marker shows.
    #[test]
    fn a_line_counts_once_haproxy_has_checked_it() {
        for (on, check, unproven, waits) in [
            (true, "L4OK", &[][..], None),
            (true, "* L4OK", &["web2"], None),
            (true, "INI", &[], Some("lb readonly/web1 is UP")),
            (
                true,
                "L4OK",
                &["checked"],
                Some("lb readonly/checked is UP: HAProxy was reloaded"),
            ),
            (false, "L4OK", &["checked"], Some("lb readonly/web1 is UP")),
        ] {
            let mut shows = shows("UP");
            let answer = shows.answer_mut();
            answer.lines[0].check = Some(CheckStatus::parse(check));
            answer.backends = vec![BackendCapacity {
                backend: "readonly".to_owned(),
                unproven: unproven.iter().map(ToString::to_string).collect(),
                ..BackendCapacity::default()
            }];
            let waiting = waiting(on, &[shows], &[]);
            assert_eq!(waiting.len(), usize::from(waits.is_some()), "{waiting:?}");
            let begins = waits.is_none_or(|waits| waiting[0].starts_with(waits));
            assert!(begins, "{on} {check}: {waiting:?}");
        }
    }
}
