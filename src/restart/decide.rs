//! One observation gives one step: the rules of the restart.

use super::back::{back_off, healthy, open, put_back, restart, rollback, settle, upgrade};
use super::drain::drain;
use super::group_lock::lock;
use super::out::{claim, close, floor, shed, sticky};
use super::step::{Step, go};
use super::switch;
use super::{ActionResult, Limits, Observation, Outcome, Phase, Verb, Version, Why};

/// Decides. A restart waits for requests in flight on each line that can be taken out (all but the
/// classic twin), unless `on_drain_timeout` allows more. Once the app was touched, the gates open
/// only before a healthy app.
pub fn decide(verb: Verb, phase: &Phase, observation: &Observation, limits: &Limits) -> Step {
    if let Some(step) = interrupted(verb, phase, observation, limits) {
        return step;
    }
    if let Some(step) = observation.loses_lock(verb, phase) {
        return step;
    }
    if let Some(step) = observation.needs_lock_again(phase) {
        return step;
    }
    let over = observation.in_phase >= phase.limit(limits);
    match phase {
        Phase::Lock => lock(verb, observation, limits),
        Phase::Claim => claim(verb, observation, limits, over),
        Phase::Close => close(verb, observation, limits, over),
        Phase::Floor => floor(verb, observation, limits, over),
        Phase::Sticky { sessions, busy_at } => {
            sticky(*sessions, *busy_at, observation, limits, over)
        }
        Phase::Shed => shed(verb, observation, over),
        Phase::Drain { zeros } => drain(verb, *zeros, observation, limits, over),
        Phase::Upgrade => upgrade(observation, limits),
        Phase::Restart => restart(observation, limits),
        Phase::Rollback(why) => rollback(why, observation),
        Phase::Healthy { streak } => healthy(*streak, observation, limits, over),
        Phase::Open => open(verb, observation, limits, over),
        Phase::PutBack(why) => put_back(why, observation, limits, over),
        Phase::BackOff { until } => back_off(*until, observation, limits),
        Phase::Settle => settle(observation, limits),
        // The way out again. The version says that the app is taken back there.
        Phase::Sick(_) => go(observation.way_out(limits)),
        Phase::Switch(phase) => switch::decide(phase, observation, limits),
    }
}

/// What a signal (Ctrl-C) does in each phase:
///
/// | phase | step |
/// | --- | --- |
/// | lock | ends: nothing was changed |
/// | claim to drain | puts the gates back; a stop leaves them closed once enough others are counted |
/// | upgrade, restart, rollback, healthy | goes on: the app must come up before the gates open |
/// | healthy, nothing restarted | ends: nothing was changed |
/// | settle | ends the watch |
/// | open | ends once the gates are open, without waiting for HAProxy |
/// | put_back | ends once the gates are put back, without waiting for HAProxy: by why they were |
/// | back_off | ends |
fn interrupted(
    verb: Verb,
    phase: &Phase,
    observation: &Observation,
    limits: &Limits,
) -> Option<Step> {
    let signal = observation.interrupted?;
    let end = |left: &str| {
        Some(Step::End(Outcome::Interrupted {
            signal,
            left: left.to_owned(),
        }))
    };
    match phase {
        Phase::Lock => end("nothing was changed"),
        phase if phase.closes() && verb == Verb::Stop && !phase.awaits_floor(limits) => {
            if observation.action_result != ActionResult::Done {
                return None;
            }
            end("the gates stay closed; the agent did not wait until the host was drained")
        }
        phase if phase.closes() => Some(go(Phase::PutBack(Why::Interrupted(signal)))),
        Phase::Healthy { .. } if verb != Verb::Restart => end("nothing was changed"),
        Phase::Open if observation.action_result == ActionResult::Done => {
            let left = opened(observation);
            match &observation.version {
                Version::Old(why) => end(&format!("{why}; rolled back: {left}")),
                _ => end(&left),
            }
        }
        Phase::Settle => end(&opened(observation)),
        Phase::BackOff { .. } => {
            end("the gates were put back as they were found, the app was not touched")
        }
        Phase::PutBack(Why::CutShort) if observation.action_result == ActionResult::Done => {
            end("the gates were put back as they were found, the app was not touched")
        }
        Phase::PutBack(why) if observation.action_result == ActionResult::Done => {
            Some(Step::End(Outcome::put_back(why, false)))
        }
        // The app must come up first, or the action of this phase must succeed.
        _ => None,
    }
}

/// Open gates alone send the host no users: HAProxy must show its lines UP.
fn opened(observation: &Observation) -> String {
    let left = "the app is healthy and the gates are open";
    let waiting = observation.not_confirmed_back();
    match waiting.is_empty() {
        true => left.to_owned(),
        false => format!(
            "{left}, but HAProxy does not show this host UP yet ({}): `agent status --watch` shows \
             when it does",
            waiting.join(", ")
        ),
    }
}

/// What the operation still does after a signal that it has to put off, for the operator.
pub fn put_off(phase: &Phase, limits: &Limits) -> String {
    let limit = phase.limit(limits);
    let then = match limits.stays_closed {
        true => "ends, and leaves the gates closed",
        false => "opens the gates",
    };
    match phase {
        Phase::Switch(phase) => switch::put_off(phase, limits),
        Phase::Healthy { .. } => format!(
            "interrupted: the app was restarted: the agent waits until it is healthy ({limit:?} at \
             most), and then {then}"
        ),
        _ => format!(
            "interrupted: the rules are not set yet: the agent tries it again ({limit:?} at most), \
             and then ends"
        ),
    }
}
