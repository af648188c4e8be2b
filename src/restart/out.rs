//! The way out of rotation: every line goes DOWN.

use super::step::{Step, again, go};
use super::{ActionResult, Limits, Observation, Outcome, Phase, Verb, Why};
use crate::haproxy::Role;
use std::time::Duration;

/// The twin is quiet after this long without a session.
const QUIET: Duration = Duration::from_secs(10);

/// Every other agent can see this claim, and counts this host as gone from now on. Two hosts that
/// claim at the same moment see each other, so no main gate closes that would leave too few. The
/// lowest address keeps its claim and the others give way. Without this order, all of them might
/// give way again and again.
pub(super) fn claim(verb: Verb, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let few = observation.too_few_stay(limits);
    let next = || match few.is_empty() {
        true => Phase::Close,
        false => Phase::PutBack(Why::TooFewServers(few.clone())),
    };
    match out(verb, Role::Twin, Phase::Claim, observation, over, next) {
        Step::Go {
            to: Phase::Close, ..
        } => Step::Go {
            to: Phase::Close,
            note: unclaimed(observation),
        },
        Step::Go {
            to: Phase::PutBack(Why::TooFewServers(few)),
            ..
        } if !over
            && observation.elapsed < limits.turn
            && observation.too_few_in_turn(limits).is_empty() =>
        {
            again(Phase::Claim, few)
        }
        step => step,
    }
}

fn unclaimed(observation: &Observation) -> Option<String> {
    let unclaimed = observation.without_claims();
    let why = "no twin announces this host there (an operator holds the twin, or there is none); \
        if two hosts go out at once, one gives way after HAProxy's first failed check of the \
        other";
    (!unclaimed.is_empty()).then(|| format!("{}: {why}", unclaimed.join(", ")))
}

/// A line that goes DOWN shows `UP n/m` after its first failed check. If several hosts go at once,
/// each sees those before it, and gives way while it is still UP itself.
pub(super) fn close(verb: Verb, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let few = observation.too_few_beside(limits);
    if !few.is_empty() {
        return go(Phase::PutBack(Why::TooFewServers(few)));
    }
    out(verb, Role::Main, Phase::Close, observation, over, || {
        match limits.checks_capacity() && !observation.serving.is_empty() {
            true => Phase::Floor,
            // The host was out all the time, so its backends lose nothing.
            false => after_close(observation, limits),
        }
    })
}

/// A server may have failed since the last count. The operation waits for one that HAProxy has not
/// proven: it may be a host that gives way to this one, which is out first.
pub(super) fn floor(verb: Verb, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let few = observation.too_few(limits);
    let next = || match few.is_empty() {
        true => after_close(observation, limits),
        false => Phase::PutBack(Why::TooFewServers(few.clone())),
    };
    match out(verb, Role::Main, Phase::Floor, observation, over, next) {
        Step::Go {
            to: Phase::PutBack(Why::TooFewServers(few)),
            ..
        } if !over && observation.too_few_not_out(limits).is_empty() => again(Phase::Floor, few),
        step => step,
    }
}

pub(super) fn shed(verb: Verb, observation: &Observation, over: bool) -> Step {
    let drain = || Phase::Drain { zeros: 0 };
    out(verb, Role::Twin, Phase::Shed, observation, over, drain)
}

/// Every balancer must show the lines of this role out of the balancing.
fn out(
    verb: Verb,
    role: Role,
    phase: Phase,
    observation: &Observation,
    over: bool,
    next: impl FnOnce() -> Phase,
) -> Step {
    let waiting = [observation.unseen(), observation.not_out(role)].concat();
    match &observation.action_result {
        ActionResult::Failed(why) if over => gate_failed(verb, why),
        ActionResult::Failed(why) => again(phase, vec![why.clone()]),
        ActionResult::Done if waiting.is_empty() => go(next()),
        // A balancer can't be seen, but the others may still show the lines.
        ActionResult::Done if over && verb == Verb::Stop => Step::Go {
            to: next(),
            note: Some(format!("not out in time: {}", waiting.join(", "))),
        },
        ActionResult::Done if over => go(Phase::PutBack(Why::NotOut(waiting))),
        // The action is repeated, because another process may open the gate meanwhile.
        ActionResult::Done => again(phase, waiting),
    }
}

pub(super) fn gate_failed(verb: Verb, why: &str) -> Step {
    let why = why.to_owned();
    match verb {
        Verb::Stop => Step::End(Outcome::GateFailed {
            why,
            put_back: false,
        }),
        _ => go(Phase::PutBack(Why::GateFailed(why))),
    }
}

fn after_close(observation: &Observation, limits: &Limits) -> Phase {
    match observation.twins() {
        Some((sessions, _)) if !limits.sticky.is_zero() => Phase::Sticky {
            sessions,
            busy_at: Duration::ZERO,
        },
        _ => after_sticky(observation, limits),
    }
}

/// A claim has shown the twins DOWN already.
fn after_sticky(observation: &Observation, limits: &Limits) -> Phase {
    let is_shown = limits.claims() && !observation.needs_no_claim(limits);
    match limits.two_stage && !is_shown {
        true => Phase::Shed,
        false => Phase::Drain { zeros: 0 },
    }
}

pub(super) fn sticky(
    sessions: u64,
    busy_at: Duration,
    observation: &Observation,
    limits: &Limits,
    over: bool,
) -> Step {
    match twin_is_busy(sessions, busy_at, observation) {
        Some((sessions, busy_at, waiting)) if !over => {
            again(Phase::Sticky { sessions, busy_at }, vec![waiting])
        }
        _ => go(after_sticky(observation, limits)),
    }
}

/// The twin's sessions so far, when it was last busy, and what it carries. None: it is quiet.
pub(super) fn twin_is_busy(
    sessions: u64,
    busy_at: Duration,
    observation: &Observation,
) -> Option<(u64, Duration, String)> {
    let twins = observation.twins();
    let busy = twins.is_none_or(|(now, in_flight)| now != sessions || in_flight > 0);
    let busy_at = if busy { observation.in_phase } else { busy_at };
    if observation.in_phase.saturating_sub(busy_at) >= QUIET {
        return None;
    }
    let (sessions, in_flight) = twins.unwrap_or((sessions, 0));
    let carried = observation.mode_of_twins().in_flight(in_flight);
    let waiting = format!("sticky users on the twin: {carried}, {sessions} sessions so far");
    Some((sessions, busy_at, waiting))
}
