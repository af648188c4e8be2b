//! The rules of a switch.

mod after;
mod back;
mod before;
mod end;
mod held;
mod properties;
mod resumed;
mod settling;
mod world;

use super::*;
use Role::{Main, Twin};
use switch::{How, Part, SwitchPhase, Switching, WhyBack};

/// A look of a switch: the lines of the phase's own target, and those of the other one.
fn look(own: [&str; 2], other: [&str; 2]) -> Observation {
    let of = |[main, twin]: [&str; 2]| observation(&[(Main, main, 0), (Twin, twin, 0)]);
    Observation {
        other: of(other).balancers,
        ..of(own)
    }
}

fn healthy(look: Observation) -> Observation {
    Observation {
        health: Some(Ok(())),
        ..look
    }
}

const UP: [&str; 2] = ["UP", "UP"];
const DOWN: [&str; 2] = ["DOWN", "DOWN"];

fn failed(look: Observation) -> Observation {
    Observation {
        action_result: ActionResult::Failed("exit 1".to_owned()),
        ..look
    }
}

fn sick(look: Observation) -> Observation {
    Observation {
        health: Some(Err("503".to_owned())),
        failing: 2,
        ..look
    }
}

fn signalled(look: Observation) -> Observation {
    Observation {
        interrupted: Some(2),
        ..look
    }
}

/// A switch that starts the new target and keeps nothing.
fn within(how: How) -> Limits {
    Limits {
        switch: Switching {
            how,
            ..Switching::default()
        },
        ..limits()
    }
}

fn decides(phase: &SwitchPhase, look: &Observation, limits: &Limits) -> Step {
    decide(Verb::Switch, &Phase::Switch(phase.clone()), look, limits)
}

/// The next phase.
fn next(phase: &SwitchPhase, look: &Observation, limits: &Limits) -> SwitchPhase {
    match goes(decides(phase, look, limits)) {
        Phase::Switch(phase) => phase,
        other => panic!("{other:?}"),
    }
}

fn not_placed(why: &str) -> WhyBack {
    WhyBack::NotPlaced(why.to_owned())
}

const HEALTHY: SwitchPhase = SwitchPhase::Healthy { streak: 0 };
const DRAIN: SwitchPhase = SwitchPhase::Drain { zeros: 0 };
const PARK: SwitchPhase = SwitchPhase::Park {
    zeros: 0,
    back: None,
};
const STOP: SwitchPhase = SwitchPhase::Stop { back: None };

/// The new target is parked, and then stopped.
fn parked(why: WhyBack) -> SwitchPhase {
    SwitchPhase::Park {
        zeros: 0,
        back: Some(why),
    }
}
