//! One look -> one step. The law of the restart.

use super::{Acted, Limits, OnDrainTimeout, Outcome, Phase, Seen, Verb, Why};
use crate::haproxy::Role;
use std::time::Duration;

/// The twin counts as quiet after this long without a session.
const QUIET: Duration = Duration::from_secs(10);

/// Looks in a row that must show nothing in flight: HAProxy's counters are read line by
/// line, so one look may fall between two lines.
const ZEROS: u32 = 2;

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look again, in this phase with its counters moved on.
    Stay {
        /// The phase.
        phase: Phase,
        /// What is waited for, one entry each.
        waiting: Vec<String>,
        /// The phase's action must be done again: it failed, or its effect is gone.
        again: bool,
    },
    /// Enter a phase: record it, do its action.
    Go {
        /// The phase.
        to: Phase,
        /// What the operator should know about it.
        note: Option<String>,
    },
    /// It is over.
    End(Outcome),
}

/// Decides. Never restarts while something is in flight unless `on_drain_timeout` says
/// so; never opens before the app is healthy.
pub fn decide(verb: Verb, phase: &Phase, seen: &Seen, limits: &Limits) -> Step {
    if let Some(step) = interrupted(verb, phase, seen) {
        return step;
    }
    let over = seen.in_phase >= phase.limit(limits);
    match phase {
        Phase::Close => close(seen, limits, over),
        Phase::Sticky { sessions, busy_at } => sticky(*sessions, *busy_at, seen, limits, over),
        Phase::Shed => shed(seen, over),
        Phase::Drain { zeros } => drain(verb, *zeros, seen, limits, over),
        Phase::Restart => restart(seen),
        Phase::Healthy { streak } => healthy(*streak, seen, limits, over),
        Phase::Open => open(seen, over),
        Phase::PutBack(why) => put_back(why, seen, limits, over),
    }
}

/// Before the app was touched a signal puts everything back; after that, what keeps the
/// host safe is finished first: the app comes up, the gates open, nothing more is awaited.
fn interrupted(verb: Verb, phase: &Phase, seen: &Seen) -> Option<Step> {
    let signal = seen.interrupted?;
    let end = |left: &str| {
        Some(Step::End(Outcome::Interrupted {
            signal,
            left: left.to_owned(),
        }))
    };
    match phase {
        Phase::Close | Phase::Sticky { .. } | Phase::Shed | Phase::Drain { .. } => {
            Some(go(Phase::PutBack(Why::Interrupted(signal))))
        }
        Phase::Healthy { .. } if verb == Verb::Open => end("nothing was changed"),
        Phase::Open if seen.acted == Acted::Done => {
            end("the app is healthy and the gates are open")
        }
        Phase::PutBack(why) if seen.acted == Acted::Done => {
            Some(Step::End(Outcome::put_back(why, false)))
        }
        _ => None,
    }
}

fn close(seen: &Seen, limits: &Limits, over: bool) -> Step {
    let waiting = seen.not_out(Role::Main);
    match &seen.acted {
        Acted::Failed(why) if over => go(Phase::PutBack(Why::GateFailed(why.clone()))),
        Acted::Failed(why) => again(Phase::Close, why),
        Acted::Done if waiting.is_empty() => go(after_close(seen, limits)),
        Acted::Done if over => go(Phase::PutBack(Why::NotOut(waiting))),
        Acted::Done => stay(Phase::Close, waiting),
    }
}

fn after_close(seen: &Seen, limits: &Limits) -> Phase {
    match seen.twins() {
        Some((sessions, _)) if !limits.sticky.is_zero() => Phase::Sticky {
            sessions,
            busy_at: Duration::ZERO,
        },
        _ => after_sticky(limits),
    }
}

fn after_sticky(limits: &Limits) -> Phase {
    match limits.two_stage {
        true => Phase::Shed,
        false => Phase::Drain { zeros: 0 },
    }
}

fn sticky(sessions: u64, busy_at: Duration, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let twins = seen.twins();
    let busy = twins.is_none_or(|(now, in_flight)| now != sessions || in_flight > 0);
    let busy_at = if busy { seen.in_phase } else { busy_at };
    if over || seen.in_phase.saturating_sub(busy_at) >= QUIET {
        return go(after_sticky(limits));
    }
    let (sessions, in_flight) = twins.unwrap_or((sessions, 0));
    let waiting = format!(
        "sticky users on the twin: {in_flight} requests in flight, {sessions} sessions so far"
    );
    stay(Phase::Sticky { sessions, busy_at }, vec![waiting])
}

fn shed(seen: &Seen, over: bool) -> Step {
    let waiting = seen.not_out(Role::Twin);
    match &seen.acted {
        Acted::Failed(why) if over => go(Phase::PutBack(Why::GateFailed(why.clone()))),
        Acted::Failed(why) => again(Phase::Shed, why),
        Acted::Done if waiting.is_empty() => go(Phase::Drain { zeros: 0 }),
        Acted::Done if over => go(Phase::PutBack(Why::NotOut(waiting))),
        Acted::Done => stay(Phase::Shed, waiting),
    }
}

fn drain(verb: Verb, zeros: u32, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let mut waiting = seen.in_flight();
    // A line that came back carries the next request in a moment: it is not drained.
    let mut undone = [seen.not_out(Role::Main), seen.not_out(Role::Twin)].concat();
    if let Acted::Failed(why) = &seen.acted {
        undone.push(why.clone());
    }
    let again = !undone.is_empty();
    waiting.extend(undone);
    waiting.dedup();
    let zeros = if waiting.is_empty() { zeros + 1 } else { 0 };
    if zeros >= ZEROS {
        return drained(
            verb,
            seen.on_classic_twins(),
            "the classic layout's twin can't be shed",
        );
    }
    match limits.on_drain_timeout {
        OnDrainTimeout::Abort if over => go(Phase::PutBack(Why::DrainRanOut(waiting))),
        OnDrainTimeout::Proceed if over => {
            drained(verb, waiting, "the drain's time is up, policy proceed")
        }
        _ => Step::Stay {
            phase: Phase::Drain { zeros },
            waiting,
            again,
        },
    }
}

/// Out of rotation and drained, or as much as policy asks for.
fn drained(verb: Verb, carried: Vec<String>, because: &str) -> Step {
    let rests = "what is left rests on the app's graceful stop and on HAProxy's redispatch";
    let note = (!carried.is_empty()).then(|| format!("{}: {because}, {rests}", carried.join(", ")));
    match verb {
        Verb::Restart => Step::Go {
            to: Phase::Restart,
            note,
        },
        Verb::Close | Verb::Open => Step::End(Outcome::Done { note }),
    }
}

fn restart(seen: &Seen) -> Step {
    match &seen.acted {
        Acted::Done => go(Phase::Healthy { streak: 0 }),
        Acted::Failed(why) => Step::End(Outcome::RestartFailed(why.clone())),
    }
}

fn healthy(streak: u32, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let (streak, why) = match &seen.health {
        Some(Ok(())) => (streak + 1, "healthy, but not yet as often as asked"),
        Some(Err(why)) => (0, why.as_str()),
        None => (0, "not asked yet"),
    };
    match streak >= limits.healthy_times {
        true => go(Phase::Open),
        false if over => Step::End(Outcome::NotHealthy(why.to_owned())),
        false => stay(Phase::Healthy { streak }, vec![format!("the app: {why}")]),
    }
}

fn open(seen: &Seen, over: bool) -> Step {
    let waiting = seen.not_back();
    match &seen.acted {
        Acted::Failed(why) if over => Step::End(Outcome::GateFailed(why.clone())),
        Acted::Failed(why) => again(Phase::Open, why),
        Acted::Done if waiting.is_empty() => Step::End(Outcome::Done { note: None }),
        Acted::Done if over => Step::End(Outcome::NotBack(waiting)),
        Acted::Done => stay(Phase::Open, waiting),
    }
}

fn put_back(why: &Why, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let waiting = if limits.found_open {
        seen.not_back()
    } else {
        Vec::new()
    };
    let leave_now = matches!(why, Why::Interrupted(_)) || waiting.is_empty() || over;
    match &seen.acted {
        Acted::Failed(failed) if over => Step::End(Outcome::GateFailed(failed.clone())),
        Acted::Failed(failed) => again(Phase::PutBack(why.clone()), failed),
        Acted::Done if leave_now => Step::End(Outcome::put_back(
            why,
            limits.found_open && waiting.is_empty(),
        )),
        Acted::Done => stay(Phase::PutBack(why.clone()), waiting),
    }
}

fn go(to: Phase) -> Step {
    Step::Go { to, note: None }
}

fn stay(phase: Phase, waiting: Vec<String>) -> Step {
    Step::Stay {
        phase,
        waiting,
        again: false,
    }
}

fn again(phase: Phase, why: &str) -> Step {
    Step::Stay {
        phase,
        waiting: vec![why.to_owned()],
        again: true,
    }
}
