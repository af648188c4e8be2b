//! A main line that an operator of HAProxy holds out of rotation, beside the other target of a switch.
//! If that one serves in the same backend, the switch would close the only line of this host that
//! takes users there.

use super::Reason;
use super::against::{self, Against};
use crate::haproxy::{BalancerObservation, Role, ServerLine};

/// This line of a balancer is held, and the other target serves in its backend.
pub(super) fn leaves_no_line(
    balancer: &str,
    line: &ServerLine,
    other: &[BalancerObservation],
) -> bool {
    let mut there = other.iter().filter(|one| one.name == balancer);
    line.role == Role::Main && line.is_held() && there.any(|one| serves(one, line.backend()))
}

fn serves(other: &BalancerObservation, backend: &str) -> bool {
    let is_usable = |line: &ServerLine| line.role == Role::Main && line.status.is_usable();
    match &other.answer {
        Ok(answer) => answer
            .lines
            .iter()
            .any(|line| is_usable(line) && line.backend() == backend),
        // It may serve there.
        Err(why) => !why.lacks_lines,
    }
}

/// Why users can't go from the old target to the new one: each held line with what ends that.
pub fn held_out(new: &[BalancerObservation], old: &[BalancerObservation]) -> Vec<Reason> {
    let lines = new.iter().flat_map(|balancer| {
        let lines = balancer.lines().iter();
        let held = lines.filter(|line| leaves_no_line(&balancer.name, line, old));
        held.filter_map(|line| against(&balancer.name, line))
    });
    against::reasons(lines)
}

fn against(balancer: &str, line: &ServerLine) -> Option<Against> {
    Some(Against {
        balancer: balancer.to_owned(),
        what: format!(" {}", in_words(line)?),
        may_pass: line.status.is_unresolved(),
    })
}

/// What is wrong with a held line, what it means, and what ends it. None: it is not held.
pub(super) fn in_words(line: &ServerLine) -> Option<String> {
    let (name, status) = (&line.name, &line.status);
    let kept = status.kept_out(name).filter(|_| line.is_held())?;
    Some(format!(
        "{name} is {status}, so HAProxy would have no line of this host for users: {}; {}",
        kept.by, kept.fix
    ))
}
