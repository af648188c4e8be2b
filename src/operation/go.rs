//! What the preflight has decided: the operation runs, or why it does not.

use crate::report::Draft;
use crate::restart::{Limits, Outcome, Refusal, Start};
use std::ops::ControlFlow;

/// What the preflight has decided. None of these is an error of the agent.
pub(super) enum Begin {
    /// It runs.
    Go(Box<Go>),
    /// The host is as requested already, or another process holds it closed: why.
    NothingToDo(String),
    /// A hold asks to leave this host alone: which.
    Skipped(String),
    /// A dry run: the steps. Nothing was changed.
    Planned(Vec<String>),
    /// The preflight refused it. Nothing was changed.
    Refused(Refusal),
    /// This signal arrived first. Nothing was changed.
    Interrupted(i32),
    /// An earlier upgrade was cut short: how. A hold keeps the gates closed until the operator has
    /// looked.
    HeldClosed(String),
    /// An earlier upgrade was cut short, and the gates can't be closed: why.
    NotClosed(String),
    /// A switch has no room for its new target: why.
    NoRoom(String),
    /// A dry run of an operation that would refuse, because the lock server is away: why.
    LockAway(String),
}

/// Where an operation begins, and within which limits.
pub(super) struct Go {
    pub(super) start: Start,
    pub(super) limits: Limits,
}

/// A step of the preflight. Break: the rest is not needed, and the operation does not run.
pub(super) type Preflight<T> = ControlFlow<Begin, T>;

impl Begin {
    /// How the operation ends that did not begin.
    pub(super) fn outcome(self, draft: &mut Draft) -> Outcome {
        match self {
            Begin::Go(_) => Outcome::Done { note: None },
            Begin::NothingToDo(why) => Outcome::Nothing(why),
            Begin::Skipped(hold) => Outcome::Skipped(hold),
            Begin::Planned(steps) => {
                draft.plan = Some(steps);
                Outcome::Planned
            }
            Begin::Refused(refusal) => Outcome::Refused(refusal),
            Begin::Interrupted(signal) => untouched(signal),
            Begin::HeldClosed(how) => Outcome::UpgradeFailed(how),
            Begin::NotClosed(why) => Outcome::GateFailed {
                why,
                put_back: false,
            },
            Begin::NoRoom(why) => Outcome::NotPlaced { why, note: None },
            Begin::LockAway(why) => Outcome::LockAway(why),
        }
    }

    /// Refused for one reason.
    pub(super) fn refused(why: String) -> Begin {
        Begin::Refused(refusal(why))
    }
}

/// Continues with the value, or refuses the operation.
pub(super) fn or_refuse<T>(result: Result<T, Refusal>) -> Preflight<T> {
    match result {
        Ok(it) => ControlFlow::Continue(it),
        Err(refusal) => ControlFlow::Break(Begin::Refused(refusal)),
    }
}

/// A refusal for one reason.
pub(super) fn refusal(why: String) -> Refusal {
    Refusal::Preflight(vec![why.into()])
}

/// A signal arrived before the operation changed anything.
pub(super) fn untouched(signal: i32) -> Outcome {
    Outcome::Interrupted {
        signal,
        left: "nothing was changed".to_owned(),
    }
}
