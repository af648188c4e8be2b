//! The end: the target that does not serve is parked, and stopped unless it stays ready. On the way
//! back that is the new one.

use super::after::still_draining;
use super::step::{stay, to_with};
use super::{How, SwitchPhase, WhyBack, back};
use crate::restart::drain::{Drained, zeros_needed};
use crate::restart::step::Step;
use crate::restart::{ActionResult, Limits, Observation, OnDrainTimeout, Outcome};

/// The port is parked, so a reload brings the idle target no new user. It may have brought one
/// before that.
pub(super) fn park(
    zeros: u32,
    why: &Option<WhyBack>,
    seen: &Observation,
    limits: &Limits,
    over: bool,
) -> Step {
    let same = |zeros, waiting| {
        stay(
            SwitchPhase::Park {
                zeros,
                back: why.clone(),
            },
            waiting,
        )
    };
    let failed = match &seen.action_result {
        ActionResult::Done => None,
        // Without its rule the port is only less protected.
        ActionResult::Failed(failed) if over => Some(not_parked(why, failed)),
        ActionResult::Failed(failed) => return same(0, vec![failed.clone()]),
    };
    let drained = Drained::of_target(seen, zeros);
    let proceeds = limits.on_drain_timeout == OnDrainTimeout::Proceed;
    let is_quiet =
        drained.zeros >= zeros_needed(seen) || (failed.is_some() && drained.waiting.is_empty());
    let may_go = is_quiet || (proceeds && drained.not_out.is_empty() && (over || why.is_none()));
    match (why, &seen.health) {
        _ if !may_go && (!over || drained.waiting.is_empty()) => {
            same(drained.zeros, drained.waiting)
        }
        (None, _) if !may_go => still_draining(drained.waiting, failed),
        (Some(why), _) if !may_go => left_running(why, &drained.waiting, failed),
        (Some(_), _) | (None, Some(Ok(()))) => idle(why, failed, limits),
        // It has no way back to the old target.
        (None, Some(Err(why))) if over && limits.switch.how == How::Finish => {
            Step::End(Outcome::StillDraining {
                waiting: Vec::new(),
                unwell: Some(why.clone()),
                note: failed,
            })
        }
        // The next look asks again, whatever the time is: then it goes on, or takes the old one back.
        (None, health) => same(drained.zeros.max(1), vec![unwell(health)]),
    }
}

fn not_parked(back: &Option<WhyBack>, failed: &str) -> String {
    let which = if back.is_none() { "old" } else { "new" };
    format!(
        "the port of the {which} target could not be parked: {failed}; the agent goes on, and tries it \
         once more at the end"
    )
}

fn left_running(why: &WhyBack, waiting: &[String], failed: Option<String>) -> Step {
    let left = format!("the new target was left running: {}", waiting.join(", "));
    let all: Vec<String> = [left].into_iter().chain(failed).collect();
    Step::End(back::outcome(why, Some(all.join("; "))))
}

/// This look does not show the new target healthy, so the old one is not stopped yet.
fn unwell(health: &Option<Result<(), String>>) -> String {
    match health {
        Some(Err(why)) => format!("the new target: {why}"),
        _ => "the new target: not checked yet".to_owned(),
    }
}

/// The target that does not serve is stopped, unless it stays ready.
fn idle(why: &Option<WhyBack>, note: Option<String>, limits: &Limits) -> Step {
    let stops = match why {
        None => !limits.switch.keeps,
        Some(why) => limits.switch.how == How::Start && why.has_started(),
    };
    match stops {
        true => to_with(SwitchPhase::Stop { back: why.clone() }, note),
        false => Step::End(ended(why, note, limits)),
    }
}

fn ended(why: &Option<WhyBack>, note: Option<String>, limits: &Limits) -> Outcome {
    match why {
        None => Outcome::Switched {
            how: limits.switch.how,
            note,
        },
        Some(why) => back::outcome(why, note),
    }
}

/// A target that does not stop had no users at the last look: the switch is done.
pub(super) fn stop(why: &Option<WhyBack>, seen: &Observation, limits: &Limits) -> Step {
    let which = if why.is_none() { "old" } else { "new" };
    let note = match &seen.action_result {
        ActionResult::Done => None,
        ActionResult::Failed(failed) => Some(format!(
            "the {which} target was not stopped: {failed}; see `agent status`: stop it by hand, or let \
             `agent switch --finish` try again"
        )),
    };
    Step::End(ended(why, note, limits))
}
