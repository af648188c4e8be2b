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

/// Decides. Never restarts while something is in flight on a line that can be taken out
/// (all but the classic twin) unless `on_drain_timeout` says so; once the app was touched,
/// never opens before it is healthy.
pub fn decide(verb: Verb, phase: &Phase, seen: &Seen, limits: &Limits) -> Step {
    if let Some(step) = interrupted(verb, phase, seen) {
        return step;
    }
    let reloaded = seen.reloaded();
    if !reloaded.is_empty() && phase.closes() {
        return go(Phase::PutBack(Why::NotOut(reloaded)));
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
        phase if phase.closes() => Some(go(Phase::PutBack(Why::Interrupted(signal)))),
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
    out(Role::Main, Phase::Close, seen, over, || {
        after_close(seen, limits)
    })
}

fn shed(seen: &Seen, over: bool) -> Step {
    out(Role::Twin, Phase::Shed, seen, over, || Phase::Drain {
        zeros: 0,
    })
}

/// Every balancer must show the lines of this role out of the balancing.
fn out(role: Role, phase: Phase, seen: &Seen, over: bool, next: impl FnOnce() -> Phase) -> Step {
    let waiting = [seen.unseen(), seen.not_out(role)].concat();
    match &seen.acted {
        Acted::Failed(why) if over => go(Phase::PutBack(Why::GateFailed(why.clone()))),
        Acted::Failed(why) => again(phase, vec![why.clone()]),
        Acted::Done if waiting.is_empty() => go(next()),
        Acted::Done if over => go(Phase::PutBack(Why::NotOut(waiting))),
        // Again, because somebody may open the gate meanwhile.
        Acted::Done => again(phase, waiting),
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

/// Nothing may be in flight on lines that are out. A line that came back, or can't be
/// seen, may carry the next request in a moment: no policy goes on over that.
fn drain(verb: Verb, zeros: u32, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let came_back = [seen.not_out(Role::Main), seen.not_out(Role::Twin)].concat();
    let not_out = [seen.unseen(), came_back.clone()].concat();
    let waiting = [not_out.clone(), seen.in_flight()].concat();
    let zeros = if waiting.is_empty() { zeros + 1 } else { 0 };
    let policy = limits.on_drain_timeout;
    match &seen.acted {
        Acted::Failed(why) if over => go(Phase::PutBack(Why::GateFailed(why.clone()))),
        Acted::Failed(why) => again(Phase::Drain { zeros: 0 }, vec![why.clone()]),
        Acted::Done if zeros >= ZEROS => drained(
            verb,
            classic_twins(verb, seen),
            "the classic layout's twin can't be shed",
        ),
        // The time is up, but what it was for is there: look the second time.
        Acted::Done if waiting.is_empty() => stay(Phase::Drain { zeros }, waiting),
        Acted::Done if over && !not_out.is_empty() => go(Phase::PutBack(Why::NotOut(not_out))),
        Acted::Done if over && policy == OnDrainTimeout::Abort => {
            go(Phase::PutBack(Why::DrainRanOut(waiting)))
        }
        Acted::Done if over => drained(verb, waiting, "the drain's time is up, policy proceed"),
        // Somebody opened the gate, perhaps: close it again.
        Acted::Done => Step::Stay {
            phase: Phase::Drain { zeros },
            waiting,
            again: !came_back.is_empty(),
        },
    }
}

/// What the classic twins carry, and for `close` also that they will go on doing so.
fn classic_twins(verb: Verb, seen: &Seen) -> Vec<String> {
    match verb {
        Verb::Close => seen.not_out(Role::ClassicTwin),
        Verb::Restart | Verb::Open => seen.on_classic_twins(),
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
    let waiting = [seen.unseen(), seen.not_back()].concat();
    match &seen.acted {
        Acted::Failed(why) if over => Step::End(Outcome::GateFailed {
            why: why.clone(),
            put_back: false,
        }),
        Acted::Failed(why) => again(Phase::Open, vec![why.clone()]),
        Acted::Done if waiting.is_empty() => Step::End(Outcome::Done { note: held(seen) }),
        Acted::Done if over => Step::End(Outcome::NotBack(waiting)),
        // Again, because somebody may flush the rules meanwhile.
        Acted::Done => again(Phase::Open, waiting),
    }
}

fn held(seen: &Seen) -> Option<String> {
    let held = seen.held();
    (!held.is_empty()).then(|| format!("{}: respected, not waited for", held.join(", ")))
}

fn put_back(why: &Why, seen: &Seen, limits: &Limits, over: bool) -> Step {
    let waiting = match limits.found_open {
        true => [seen.unseen(), seen.not_back()].concat(),
        false => Vec::new(),
    };
    let leave_now = matches!(why, Why::Interrupted(_)) || waiting.is_empty() || over;
    match &seen.acted {
        Acted::Failed(failed) if over => Step::End(Outcome::GateFailed {
            why: failed.clone(),
            put_back: false,
        }),
        Acted::Failed(failed) => again(Phase::PutBack(why.clone()), vec![failed.clone()]),
        Acted::Done if leave_now => Step::End(Outcome::put_back(
            why,
            limits.found_open && waiting.is_empty(),
        )),
        Acted::Done => again(Phase::PutBack(why.clone()), waiting),
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

fn again(phase: Phase, waiting: Vec<String>) -> Step {
    Step::Stay {
        phase,
        waiting,
        again: true,
    }
}
