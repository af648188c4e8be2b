//! The rules of a switch: from one target of an app to another, without a moment in which no
//! healthy target is open.
//!
//! ```text
//! (Prepare) -> Start -> Healthy -> (Verify) -> Unpark -> Join -> Leave -> (Sticky -> Shed) -> Drain
//!        \________\__________\__________/          \      /  \______\__________\________\____/
//!                  Stop the new one                Withdraw <------------ TakeBack
//!
//! Drain -> (Settle) -> Park -> (Stop)         Withdraw -> Park -> (Stop), of the new one
//! ```

mod after;
mod back;
mod before;
mod end;
mod message;
mod phase;
mod predicates;
mod signals;

pub use message::Names;
pub use phase::SwitchPhase;
pub(super) use signals::put_off;

use super::step::{Step, go};
use super::{Limits, Observation, Phase, Start, Verb, Version};
use serde::{Deserialize, Serialize};

/// One of the two targets of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The target that served when the switch began. An app without targets is this one.
    Old,
    /// The target that is to serve.
    New,
}

impl Part {
    /// The other one.
    pub fn other(self) -> Part {
        match self {
            Part::Old => Part::New,
            Part::New => Part::Old,
        }
    }
}

/// What a switch does with the new target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Starts it.
    #[default]
    Start,
    /// It runs already: `--back`.
    Back,
    /// It serves already, and the old one only has to end: `--finish`.
    Finish,
}

/// What one switch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Switching {
    /// What it does with the new target.
    pub how: How,
    /// A command prepares the new target first.
    #[serde(default)]
    pub prepares: bool,
    /// A command verifies the new target.
    #[serde(default)]
    pub verifies: bool,
    /// The old target stays running at the end, with closed gates.
    #[serde(default)]
    pub keeps: bool,
}

/// Why a switch goes back to the old target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyBack {
    /// The new target was not started, not healthy, not verified, or not UP: why. It never served
    /// alone.
    NotPlaced(String),
    /// The new target is sick under users: why, with the figures.
    Sick(String),
    /// HAProxy did not show the old target's lines DOWN in time: what it showed.
    NotOut(Vec<String>),
    /// The rules could not be set.
    GateFailed(String),
    /// The journal can't be written.
    Unrecorded(String),
    /// SIGHUP, SIGINT or SIGTERM, by its number.
    Interrupted(i32),
    /// An earlier switch was interrupted.
    CutShort,
}

impl Start {
    /// The begin of a switch.
    pub fn of_switch(switching: Switching) -> Start {
        Start::at(SwitchPhase::first(switching.how, switching.prepares))
    }

    /// A switch from this phase on.
    pub(super) fn at(phase: SwitchPhase) -> Start {
        Start {
            verb: Verb::Switch,
            finishes: None,
            phase: Phase::Switch(phase),
            version: Version::Same,
            note: None,
        }
    }
}

/// Decides.
pub(super) fn decide(phase: &SwitchPhase, seen: &Observation, limits: &Limits) -> Step {
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
        SwitchPhase::TakeBack(why) => back::take_back(why, seen, over),
        SwitchPhase::Withdraw(why) => back::withdraw(why, seen, over),
    }
}

fn to(phase: SwitchPhase) -> Step {
    go(Phase::Switch(phase))
}

fn stay(phase: SwitchPhase, waiting: Vec<String>) -> Step {
    super::step::again(Phase::Switch(phase), waiting)
}

fn to_with(phase: SwitchPhase, note: Option<String>) -> Step {
    Step::Go {
        to: Phase::Switch(phase),
        note,
    }
}
