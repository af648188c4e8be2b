//! One observation gives one step: the rules of a switch.

use super::step::to;
use super::{SwitchPhase, WhyBack, after, back, before, end, signals};
use crate::restart::step::Step;
use crate::restart::{Limits, Observation, Phase};

/// Decides.
pub(in crate::restart) fn decide(phase: &SwitchPhase, seen: &Observation, limits: &Limits) -> Step {
    let step = by_phase(phase, seen, limits);
    match back_from(&step).filter(|_| limits.switch.was_closed) {
        // There is nothing to go back to: users stay where they are.
        Some(why) => Step::End(back::unmoved(why)),
        None => step,
    }
}

/// Why this step goes back.
fn back_from(step: &Step) -> Option<&WhyBack> {
    match step {
        Step::Go {
            to: Phase::Switch(SwitchPhase::TakeBack(why) | SwitchPhase::Withdraw(why)),
            ..
        } => Some(why),
        _ => None,
    }
}

fn by_phase(phase: &SwitchPhase, seen: &Observation, limits: &Limits) -> Step {
    if let Some(why) = after::sick(phase, seen, limits) {
        return to(SwitchPhase::TakeBack(WhyBack::Sick(why)));
    }
    if let Some(step) = signals::interrupted(phase, seen, limits) {
        return step;
    }
    let over = seen.in_phase >= phase.limit(limits);
    match phase {
        SwitchPhase::Prepare => before::prepare(seen),
        SwitchPhase::Start => before::start(seen, limits),
        SwitchPhase::Healthy { streak } => before::healthy(*streak, seen, limits, over),
        SwitchPhase::Verify => before::verify(seen, limits),
        SwitchPhase::Unpark => before::unpark(seen, over),
        SwitchPhase::Join => before::join(seen, limits, over),
        SwitchPhase::Leave => after::leave(seen, limits, over),
        SwitchPhase::Sticky { sessions, busy_at } => after::sticky(*sessions, *busy_at, seen, over),
        SwitchPhase::Shed => after::shed(seen, limits, over),
        SwitchPhase::Drain { zeros } => after::drain(*zeros, seen, limits, over),
        SwitchPhase::Settle { undrained } => after::settle(undrained, seen, limits),
        SwitchPhase::Park { zeros, back } => end::park(*zeros, back, seen, limits, over),
        SwitchPhase::Stop { back } => end::stop(back, seen, limits),
        SwitchPhase::TakeBack(why) => back::take_back(why, seen, limits, over),
        SwitchPhase::Withdraw(why) => back::withdraw(why, seen, over),
    }
}
