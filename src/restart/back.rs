//! The way back: the app is upgraded, restarted and healthy, the gates open, the lines are UP. Or
//! the old version comes back, or the gates return to their first positions.

use super::settle::Judgement;
use super::step::{Step, again, go};
use super::{ActionResult, Limits, Observation, Outcome, Phase, Verb, Version, Why};
use std::time::Duration;

pub(super) fn upgrade(observation: &Observation, limits: &Limits) -> Step {
    let failed = |why: &str| format!("the upgrade failed: {why}");
    match &observation.action_result {
        ActionResult::Done => go(Phase::Restart),
        ActionResult::Failed(why) if limits.rolls_back => go(Phase::Rollback(failed(why))),
        ActionResult::Failed(why) => Step::End(Outcome::UpgradeFailed(failed(why))),
    }
}

pub(super) fn restart(observation: &Observation, limits: &Limits) -> Step {
    match &observation.action_result {
        ActionResult::Done => go(Phase::Healthy { streak: 0 }),
        ActionResult::Failed(why) => {
            let otherwise = Outcome::RestartFailed(why.clone());
            fails(
                &format!("the restart failed: {why}"),
                observation,
                limits,
                otherwise,
            )
        }
    }
}

pub(super) fn rollback(first: &str, observation: &Observation) -> Step {
    match &observation.action_result {
        ActionResult::Done => go(Phase::Restart),
        ActionResult::Failed(why) => Step::End(Outcome::UpgradeFailed(format!(
            "{first}; the rollback failed: {why}"
        ))),
    }
}

/// The app does not come up. Only an upgrade of this same operation is rolled back, and only once.
fn fails(what: &str, observation: &Observation, limits: &Limits, otherwise: Outcome) -> Step {
    match &observation.version {
        Version::New if limits.rolls_back => {
            go(Phase::Rollback(format!("after the upgrade {what}")))
        }
        Version::Old(first) => Step::End(Outcome::UpgradeFailed(format!(
            "{first}; rolled back, but {what}"
        ))),
        Version::Same | Version::New | Version::Inherited | Version::Sick(_) => {
            Step::End(otherwise)
        }
    }
}

/// A gate that fails to close does not delay this phase: the gates open next anyway.
pub(super) fn healthy(streak: u32, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let (streak, why) = match &observation.health {
        Some(Ok(())) => (streak + 1, "healthy, but not yet `times` in a row"),
        Some(Err(why)) => (0, why.as_str()),
        None => (0, "not checked yet"),
    };
    match streak >= limits.healthy_times {
        true if limits.stays_closed => still_closed(streak, observation, over),
        true => go(Phase::Open),
        false if over => {
            let sick = format!("the app was not healthy: {why}");
            fails(
                &sick,
                observation,
                limits,
                not_healthy(why, observation, limits),
            )
        }
        false => again(Phase::Healthy { streak }, vec![format!("the app: {why}")]),
    }
}

/// The hold stays. The gates must be closed, and the operation does not wait for UP.
fn still_closed(streak: u32, observation: &Observation, over: bool) -> Step {
    let why = match (
        &observation.action_result,
        observation.interrupted,
        &observation.version,
    ) {
        (ActionResult::Failed(why), ..) => why.clone(),
        (_, Some(signal), _) => {
            let left = "the app is healthy, and the gates stay closed".to_owned();
            return Step::End(Outcome::Interrupted { signal, left });
        }
        (_, None, Version::Old(why)) => return Step::End(Outcome::RolledBackClosed(why.clone())),
        (_, None, _) => return Step::End(Outcome::RestartedClosed),
    };
    match over {
        true => Step::End(Outcome::GateFailed {
            why,
            put_back: false,
        }),
        false => again(Phase::Healthy { streak }, vec![why]),
    }
}

fn not_healthy(why: &str, observation: &Observation, limits: &Limits) -> Outcome {
    match observation.version {
        _ if limits.stays_closed => Outcome::NotHealthyClosed(why.to_owned()),
        Version::Inherited if limits.rolls_back => Outcome::NotHealthy(format!(
            "{why} (an operation that was cut short had upgraded the app: the agent does not run \
             the rollback)"
        )),
        _ => Outcome::NotHealthy(why.to_owned()),
    }
}

pub(super) fn open(verb: Verb, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let waiting = observation.not_confirmed_back();
    match &observation.action_result {
        ActionResult::Failed(why) if over => Step::End(Outcome::GateFailed {
            why: why.clone(),
            put_back: false,
        }),
        ActionResult::Failed(why) => again(Phase::Open, vec![why.clone()]),
        ActionResult::Done if limits.in_rotation.is_zero() => {
            Step::End(opened(observation, None, Vec::new()))
        }
        ActionResult::Done if waiting.is_empty() => match is_to_settle(verb, observation, limits) {
            true => go(Phase::Settle),
            false => Step::End(opened(observation, None, waiting)),
        },
        ActionResult::Done if over => Step::End(opened(observation, None, waiting)),
        // The action is repeated, because another process may flush the rules meanwhile.
        ActionResult::Done => again(Phase::Open, waiting),
    }
}

/// Only what this operation has brought up is watched, and an old version that came back is not.
fn is_to_settle(verb: Verb, observation: &Observation, limits: &Limits) -> bool {
    let came_back = matches!(observation.version, Version::Old(_));
    verb == Verb::Restart && limits.settle.is_some() && !came_back
}

/// The lines are UP, and the users are back. A sick version is taken back, if there is a way back.
pub(super) fn settle(observation: &Observation, limits: &Limits) -> Step {
    match observation.settled(limits) {
        Judgement::Watching(words) => again(Phase::Settle, vec![words]),
        Judgement::Steady(_) => Step::End(opened(observation, None, Vec::new())),
        Judgement::Unseen(words) => Step::End(opened(observation, Some(words), Vec::new())),
        Judgement::Sick(why) if limits.rolls_back && observation.version == Version::New => {
            go(Phase::Sick(why))
        }
        Judgement::Sick(why) => Step::End(Outcome::Sick(why)),
    }
}

/// The gates are open; `waiting` names the lines that are not UP.
fn opened(observation: &Observation, note: Option<String>, waiting: Vec<String>) -> Outcome {
    let notes: Vec<String> = note.into_iter().chain(held(observation)).collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    match &observation.version {
        Version::Old(why) => Outcome::RolledBack {
            why: why.clone(),
            waiting,
            note,
        },
        _ if waiting.is_empty() => Outcome::Done { note },
        _ => Outcome::NotBack(waiting),
    }
}

fn held(observation: &Observation) -> Option<String> {
    let held = observation.held();
    (!held.is_empty()).then(|| {
        format!(
            "{}: held out in HAProxy, so the agent does not wait for UP",
            held.join(", ")
        )
    })
}

pub(super) fn put_back(why: &Why, observation: &Observation, limits: &Limits, over: bool) -> Step {
    let waiting = match limits.all_found_open {
        true => observation.not_confirmed_back(),
        false => Vec::new(),
    };
    let leave_now = matches!(why, Why::Interrupted(_)) || waiting.is_empty() || over;
    match &observation.action_result {
        ActionResult::Failed(failed) if over => Step::End(Outcome::GateFailed {
            why: failed.clone(),
            put_back: false,
        }),
        ActionResult::Failed(failed) => again(Phase::PutBack(why.clone()), vec![failed.clone()]),
        ActionResult::Done if leave_now => left(why, waiting, observation, limits),
        ActionResult::Done => again(Phase::PutBack(why.clone()), waiting),
    }
}

/// The gates are as the operation found them; `waiting` names the lines that are not UP.
fn left(why: &Why, waiting: Vec<String>, observation: &Observation, limits: &Limits) -> Step {
    match (why, next_turn(observation, limits)) {
        (Why::TooFewServers(_), Some(until)) => go(Phase::BackOff { until }),
        (Why::CutShort, _) if waiting.is_empty() => Step::End(Outcome::Done {
            note: held(observation),
        }),
        (Why::CutShort, _) => Step::End(Outcome::NotBack(waiting)),
        _ => {
            let back = limits.all_found_open && waiting.is_empty();
            Step::End(put_back_as(why, back, &observation.version))
        }
    }
}

/// A sick version that could not be taken out of rotation serves again.
fn put_back_as(why: &Why, back: bool, version: &Version) -> Outcome {
    match (why, version) {
        (Why::Interrupted(_), _) => Outcome::put_back(why, back),
        (_, Version::Sick(sick)) => {
            let put_back = Outcome::put_back(why, back);
            let why = put_back.message(Verb::Restart, "");
            Outcome::Sick(format!("{sick}; not rolled back: {why}"))
        }
        _ => Outcome::put_back(why, back),
    }
}

/// Each host has its own turns. So of two hosts that gave way, one comes first.
pub(super) fn back_off(until: Duration, observation: &Observation, limits: &Limits) -> Step {
    let few = [observation.unseen(), observation.too_few_stay(limits)].concat();
    match (few.is_empty(), next_turn(observation, limits)) {
        (true, _) if observation.elapsed < until => {
            let next = format!(
                "enough other servers; our turn is at {:.1}s",
                until.as_secs_f64()
            );
            again(Phase::BackOff { until }, vec![next])
        }
        _ if observation.elapsed < until => again(Phase::BackOff { until }, few),
        (true, _) => go(observation.way_out(limits)),
        (false, Some(until)) => again(Phase::BackOff { until }, few),
        (false, None) => {
            let back = observation.not_confirmed_back().is_empty();
            Step::End(Outcome::put_back(&Why::TooFewServers(few), back))
        }
    }
}

fn next_turn(observation: &Observation, limits: &Limits) -> Option<Duration> {
    let mut turns = limits.turns.iter();
    turns.find(|turn| **turn > observation.elapsed).copied()
}
