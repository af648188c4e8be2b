//! The way out of rotation: every line goes DOWN, and nothing is left in flight.

use super::step::{Step, again, go};
use super::{
    ActionResult, Counted, Limits, Observation, OnDrainTimeout, Outcome, Phase, Verb, Why,
};
use crate::haproxy::{BalancerObservation, Role};
use std::time::Duration;

/// The twin is quiet after this long without a session.
const QUIET: Duration = Duration::from_secs(10);

/// Looks in a row that must show nothing in flight. HAProxy prints its counters line by line, so a
/// request may hide between two lines.
const ZEROS: u32 = 2;

/// The same beside a classic twin that goes on serving. HAProxy counts the connection of a session
/// that ends a moment longer than the kernel does: at 1 of 100 to 200 looks, and never twice in a
/// row.
const ZEROS_BESIDE_SESSIONS: u32 = 5;

const UNSTEADY: &str = "counting connections again, because sessions began meanwhile (with \
    HAProxy's master socket the agent need not count: set `master` in [[haproxy]])";

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

fn gate_failed(verb: Verb, why: &str) -> Step {
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
        _ => after_sticky(limits),
    }
}

fn after_sticky(limits: &Limits) -> Phase {
    match limits.two_stage && !limits.claims() {
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
    let twins = observation.twins();
    let busy = twins.is_none_or(|(now, in_flight)| now != sessions || in_flight > 0);
    let busy_at = if busy { observation.in_phase } else { busy_at };
    if over || observation.in_phase.saturating_sub(busy_at) >= QUIET {
        return go(after_sticky(limits));
    }
    let (sessions, in_flight) = twins.unwrap_or((sessions, 0));
    let waiting = format!(
        "sticky users on the twin: {in_flight} requests in flight, {sessions} sessions so far"
    );
    again(Phase::Sticky { sessions, busy_at }, vec![waiting])
}

/// Nothing may be in flight on lines that are out. A line that came back or can't be seen may carry
/// the next request in a moment, so no policy goes on over it. A reload only restarts the looks:
/// they include what the leaving worker carries.
pub(super) fn drain(
    verb: Verb,
    zeros: u32,
    observation: &Observation,
    limits: &Limits,
    over: bool,
) -> Step {
    let not_out = [
        observation.unseen(),
        observation.not_out(Role::Main),
        observation.not_out(Role::Twin),
    ]
    .concat();
    let leaving_load = observation.leaving_load();
    let carried = match &leaving_load {
        Counted::Left(left) => [observation.in_flight(), left.clone()].concat(),
        Counted::All | Counted::Unsteady => observation.in_flight(),
    };
    let mut waiting = [not_out.clone(), observation.reloaded(), carried.clone()].concat();
    let zeros = match leaving_load {
        // The classic twin goes on serving, so a look must fall between two of its sessions.
        Counted::Unsteady if waiting.is_empty() => {
            waiting.push(UNSTEADY.to_owned());
            zeros
        }
        _ if waiting.is_empty() => zeros + 1,
        _ => 0,
    };
    let policy = limits.on_drain_timeout;
    match &observation.action_result {
        ActionResult::Failed(why) if over => gate_failed(verb, why),
        ActionResult::Failed(why) => again(Phase::Drain { zeros: 0 }, vec![why.clone()]),
        ActionResult::Done if zeros >= zeros_needed(observation) => drained(
            verb,
            limits,
            classic_twins(verb, observation),
            "the agent can't take the classic layout's twin out",
        ),
        // The time is up, and nothing is in flight: one more look confirms it.
        ActionResult::Done if waiting.is_empty() => again(Phase::Drain { zeros }, waiting),
        ActionResult::Done if over && verb == Verb::Stop => Step::End(Outcome::Undrained(waiting)),
        ActionResult::Done if over && !not_out.is_empty() => {
            go(Phase::PutBack(Why::NotOut(not_out)))
        }
        ActionResult::Done if over && policy == OnDrainTimeout::Abort => {
            go(Phase::PutBack(Why::DrainRanOut(waiting)))
        }
        ActionResult::Done if over => drained(
            verb,
            limits,
            carried,
            "the drain ran out of time, and on_drain_timeout is proceed",
        ),
        // The action is repeated, because another process may open the gate meanwhile.
        ActionResult::Done => again(Phase::Drain { zeros }, waiting),
    }
}

/// What the classic twins carry. For `close`, also that they go on serving.
fn classic_twins(verb: Verb, observation: &Observation) -> Vec<String> {
    match verb {
        Verb::Close => observation.not_out(Role::ClassicTwin),
        Verb::Restart | Verb::Open | Verb::Recover | Verb::Stop => observation.on_classic_twins(),
    }
}

/// How often in a row a look must show nothing in flight.
fn zeros_needed(observation: &Observation) -> u32 {
    let lines = observation
        .balancers
        .iter()
        .flat_map(BalancerObservation::lines);
    let mut serving = lines.filter(|line| line.role == Role::ClassicTwin && line.serves());
    match observation.connections.is_some() && serving.next().is_some() {
        true => ZEROS_BESIDE_SESSIONS,
        false => ZEROS,
    }
}

/// Out of rotation and drained, or as much as policy asks for.
fn drained(verb: Verb, limits: &Limits, carried: Vec<String>, because: &str) -> Step {
    let rests = "what is in flight depends on the app's graceful stop and on HAProxy's redispatch";
    let note = (!carried.is_empty()).then(|| format!("{}: {because}; {rests}", carried.join(", ")));
    match verb {
        Verb::Restart => Step::Go {
            to: limits.touch(),
            note,
        },
        Verb::Close | Verb::Open | Verb::Recover | Verb::Stop => Step::End(Outcome::Done { note }),
    }
}
