//! Where an operation begins: what an earlier one left, and the first phase.

use super::switch::{SwitchPhase, Switching};
use super::{Limits, Phase, Verb, Version};
use std::time::Duration;

/// An operation that died before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedOperation {
    /// The operation that the caller asked for.
    pub verb: Verb,
    /// The phase that it was about to act on, or acting on.
    pub phase: Phase,
    /// It had to restart the app, or to finish a restart of an earlier operation.
    pub restarting: bool,
    /// Whether the app has been restarted since the drain began; None: not known.
    pub restarted: Option<bool>,
    /// It finished a restart, and could not confirm that the app was restarted.
    pub unsure: bool,
    /// The version of the app that it had to bring up.
    pub version: Version,
    /// It was a switch: what it did.
    pub switch: Option<Switching>,
}

/// The gates' positions when an operation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatesFound {
    /// All open.
    Open,
    /// Closed by a hold of the operator.
    Held,
    /// Closed or broken, and no hold explains it.
    ClosedUnexpectedly,
}

/// Where an operation begins, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// What it does: a recovery that finishes a restart is a restart.
    pub verb: Verb,
    /// It finishes a restart of an earlier operation. True: that restart is confirmed.
    pub finishes: Option<bool>,
    /// Its first phase.
    pub phase: Phase,
    /// The version of the app that must come up.
    pub version: Version,
    /// A notice for the operator.
    pub note: Option<String>,
}

/// Why no operation begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStart {
    /// There is nothing to do: why.
    Nothing(String),
    /// An upgrade or a rollback was interrupted, and the state of the app is not known. The gates
    /// must stay closed until the operator has looked.
    Unfinished(String),
    /// A switch was interrupted, and only `agent recover` continues it. Nothing is changed.
    CutSwitch(String),
}

impl Start {
    /// It takes the host out of rotation. Known only before [`Start::within`].
    pub fn goes_out(&self) -> bool {
        self.phase == Phase::Close
    }

    /// A switch that has not begun to start its target. Known only before [`Start::after_lock`].
    pub fn is_first_of_a_start(&self) -> bool {
        matches!(
            self.phase,
            Phase::Switch(SwitchPhase::Prepare | SwitchPhase::Start)
        )
    }

    /// The same once the operation has the group's lock, if it takes that.
    pub fn after_lock(self, limits: &Limits) -> Start {
        match limits.lock {
            Some(_) => Start {
                phase: Phase::Lock,
                ..self
            },
            None => self,
        }
    }

    /// The same within these limits. The way out may begin with the group's lock, or with a claim. With too
    /// `few` other servers it begins by waiting for its turn.
    pub fn within(self, limits: &Limits, few: bool) -> Start {
        let phase = match self.phase {
            Phase::Close if limits.lock.is_some_and(|lock| !lock.is_out) => Phase::Lock,
            Phase::Close if few => Phase::BackOff {
                until: Duration::ZERO,
            },
            Phase::Close => limits.first(),
            phase => phase,
        };
        Start { phase, ..self }
    }
}
