//! What a signal (Ctrl-C) does in each phase of a switch:
//!
//! | phase | step |
//! | --- | --- |
//! | prepare to verify | ends: the new target is stopped if this switch started it |
//! | unpark, join, leave | goes back to the old target |
//! | sticky | ends the sticky time |
//! | drain | ends: the new target serves, the old one is left running |
//! | settle | ends the watch, and goes on |
//! | shed, park, stop | goes on |
//! | take_back, withdraw | goes on: the old target must serve alone |

use super::step::to;
use super::{Part, SwitchPhase, WhyBack, after, back, before};
use crate::restart::step::Step;

use crate::restart::{Limits, Observation};

pub(super) fn interrupted(
    phase: &SwitchPhase,
    seen: &Observation,
    limits: &Limits,
) -> Option<Step> {
    let why = WhyBack::Interrupted(seen.interrupted?);
    match phase {
        // Nothing was started yet.
        SwitchPhase::Prepare => Some(Step::End(back::outcome(&why, None))),
        SwitchPhase::Start => {
            let why = before::unstarted(why, seen);
            Some(before::end_unused(why, limits))
        }
        SwitchPhase::Healthy { .. } | SwitchPhase::Verify => Some(before::end_unused(why, limits)),
        SwitchPhase::Unpark => Some(to(SwitchPhase::Withdraw(why))),
        SwitchPhase::Join => Some(back::back(why, seen, limits)),
        SwitchPhase::Leave => Some(to(SwitchPhase::TakeBack(why))),
        SwitchPhase::Sticky { .. } => Some(to(SwitchPhase::Shed)),
        SwitchPhase::Drain { .. } => {
            let left = after::drain(0, seen, limits, false);
            match left {
                Step::Stay { waiting, .. } if !waiting.is_empty() => {
                    Some(after::still_draining(waiting, None))
                }
                _ => None,
            }
        }
        SwitchPhase::Settle { undrained } => Some(after::settle_no_longer(undrained)),
        SwitchPhase::Shed
        | SwitchPhase::Park { .. }
        | SwitchPhase::Stop { .. }
        | SwitchPhase::TakeBack(_)
        | SwitchPhase::Withdraw(_) => None,
    }
}

/// What the switch still does after a signal that it has to put off, for the operator.
pub(in crate::restart) fn put_off(phase: &SwitchPhase, limits: &Limits) -> String {
    let limit = phase.limit(limits);
    let name = phase.name();
    let which = match phase.serves() {
        Part::New => "new",
        Part::Old => "old",
    };
    format!(
        "interrupted: the {which} target must serve alone first: the agent finishes {name} ({limit:?} \
         at most), and then ends"
    )
}
