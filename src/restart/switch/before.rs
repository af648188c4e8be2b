//! The way to the join. The old target serves all users, and no failure here reaches them.

use super::step::{stay, to};
use super::{How, SwitchPhase, WhyBack, back};
use crate::restart::step::Step;
use crate::restart::{ActionResult, Limits, Observation};

/// The preparation is never repeated, and nothing is started before it.
pub(super) fn prepare(seen: &Observation) -> Step {
    match &seen.action_result {
        ActionResult::Done => to(SwitchPhase::Start),
        ActionResult::Failed(why) => {
            let why = format!("the preparation failed: {why}");
            Step::End(back::outcome(&WhyBack::NotPlaced(why), None))
        }
    }
}

pub(super) fn start(seen: &Observation, limits: &Limits) -> Step {
    match &seen.action_result {
        ActionResult::Done => to(SwitchPhase::Healthy { streak: 0 }),
        ActionResult::Failed(why) => {
            let why = WhyBack::NotPlaced(format!("it was not started: {why}"));
            end_unused(unstarted(why, seen), limits)
        }
    }
}

pub(super) fn healthy(streak: u32, seen: &Observation, limits: &Limits, over: bool) -> Step {
    let (streak, why) = match &seen.health {
        Some(Ok(())) => (streak + 1, "healthy, but not yet `times` in a row"),
        Some(Err(why)) => (0, why.as_str()),
        None => (streak, "not checked yet"),
    };
    match streak >= limits.healthy_times {
        // What serves again has been verified before.
        true if limits.switch.verifies && limits.switch.how == How::Start => {
            to(SwitchPhase::Verify)
        }
        true => to(SwitchPhase::Unpark),
        false if over => not_placed(format!("it was not healthy in time: {why}"), limits),
        false => stay(
            SwitchPhase::Healthy { streak },
            vec![format!("the new target: {why}")],
        ),
    }
}

pub(super) fn verify(seen: &Observation, limits: &Limits) -> Step {
    match &seen.action_result {
        ActionResult::Done => to(SwitchPhase::Unpark),
        ActionResult::Failed(why) => not_placed(format!("`verify` failed: {why}"), limits),
    }
}

pub(super) fn unpark(seen: &Observation, over: bool) -> Step {
    match &seen.action_result {
        ActionResult::Done => to(SwitchPhase::Join),
        ActionResult::Failed(why) if over => {
            to(SwitchPhase::Withdraw(WhyBack::GateFailed(why.clone())))
        }
        ActionResult::Failed(why) => stay(SwitchPhase::Unpark, vec![why.clone()]),
    }
}

/// The old target serves until every balancer shows the new one UP.
pub(super) fn join(seen: &Observation, limits: &Limits, over: bool) -> Step {
    let waiting = seen.not_confirmed_back();
    if let Some(why) = seen.fails_in_a_row(limits) {
        return back::back(WhyBack::NotPlaced(why), seen, limits);
    }
    match &seen.action_result {
        ActionResult::Failed(why) if over => {
            back::back(WhyBack::GateFailed(why.clone()), seen, limits)
        }
        ActionResult::Failed(why) => stay(SwitchPhase::Join, vec![why.clone()]),
        ActionResult::Done if waiting.is_empty() => to(SwitchPhase::Leave),
        ActionResult::Done if over => {
            let why = format!("HAProxy did not show it UP in time: {}", waiting.join(", "));
            back::back(WhyBack::NotPlaced(why), seen, limits)
        }
        // The action is repeated, because another process may flush the rules meanwhile.
        ActionResult::Done => stay(SwitchPhase::Join, waiting),
    }
}

/// A start stops first what ran before. If it failed there, that one is left as it is.
pub(super) fn unstarted(why: WhyBack, seen: &Observation) -> WhyBack {
    match seen.action_result {
        ActionResult::Failed(_) if seen.ran_before => WhyBack::Unstarted(Box::new(why)),
        _ => why,
    }
}

fn not_placed(why: String, limits: &Limits) -> Step {
    end_unused(WhyBack::NotPlaced(why), limits)
}

/// Ends before the new target has users. It is stopped if this switch started it. Its port is parked
/// since before, and is parked again in case the rule was lost.
pub(super) fn end_unused(why: WhyBack, limits: &Limits) -> Step {
    match limits.switch.how {
        How::Start => to(SwitchPhase::Park {
            zeros: 0,
            back: Some(why),
        }),
        How::Back | How::Finish => Step::End(back::outcome(&why, None)),
    }
}
