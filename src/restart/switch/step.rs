//! The steps of a switch.

use super::SwitchPhase;
use crate::restart::Phase;
use crate::restart::step::{self, Step};

pub(super) fn to(phase: SwitchPhase) -> Step {
    step::go(Phase::Switch(phase))
}

pub(super) fn stay(phase: SwitchPhase, waiting: Vec<String>) -> Step {
    step::again(Phase::Switch(phase), waiting)
}

pub(super) fn to_with(phase: SwitchPhase, note: Option<String>) -> Step {
    Step::Go {
        to: Phase::Switch(phase),
        note,
    }
}
