//! The begin of a switch.

use super::{SwitchPhase, Switching};
use crate::restart::{Phase, Start, Verb, Version};

impl Start {
    /// The begin of a switch.
    pub fn of_switch(switching: Switching) -> Start {
        Start::at(SwitchPhase::first(switching.how, switching.prepares))
    }

    /// A switch from this phase on.
    pub(in crate::restart) fn at(phase: SwitchPhase) -> Start {
        Start {
            verb: Verb::Switch,
            finishes: None,
            phase: Phase::Switch(phase),
            version: Version::Same,
            note: None,
        }
    }
}
