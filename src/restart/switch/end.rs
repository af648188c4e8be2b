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
    let (drained, failed) = match &seen.action_result {
        ActionResult::Done => (Drained::at(seen, zeros), None),
        // Without its rule the port is only less protected.
        ActionResult::Failed(why) if over => (
            Drained::at(seen, zeros),
            Some(format!("the port is not parked: {why}")),
        ),
        ActionResult::Failed(why) => return same(0, vec![why.clone()]),
    };
    let proceeds = limits.on_drain_timeout == OnDrainTimeout::Proceed;
    let is_quiet =
        drained.zeros >= zeros_needed(seen) || (failed.is_some() && drained.waiting.is_empty());
    let may_go = is_quiet || (proceeds && drained.not_out.is_empty() && (over || why.is_none()));
    let unwell = unwell(why, seen);
    let waiting = match may_go {
        true => Vec::from_iter(unwell),
        false => drained.waiting,
    };
    match why {
        _ if may_go && waiting.is_empty() => idle(why, failed, limits),
        _ if !over || waiting.is_empty() => same(drained.zeros, waiting),
        None => still_draining(waiting),
        Some(why) => {
            let left = waiting.join(", ");
            let note = format!("the new target was left running: {left}");
            Step::End(back::outcome(why, Some(note)))
        }
    }
}

/// Why the old target is not stopped yet: this look does not show the new one healthy.
fn unwell(why: &Option<WhyBack>, seen: &Observation) -> Option<String> {
    match (why, &seen.health) {
        (Some(_), _) | (None, Some(Ok(()))) => None,
        (None, Some(Err(why))) => Some(format!("the new target: {why}")),
        (None, None) => Some("the new target: not checked yet".to_owned()),
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
            "the {which} target was not stopped: {failed}; see `agent status`, then stop it by hand"
        )),
    };
    Step::End(ended(why, note, limits))
}
