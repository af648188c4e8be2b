//! What the driver does next.

use super::{Outcome, Phase};

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look again, in this phase with its counters moved on.
    Stay {
        /// The phase.
        phase: Phase,
        /// What is waited for, one entry each.
        waiting: Vec<String>,
        /// The phase's action must be done again: it failed, or its effect is gone.
        again: bool,
    },
    /// Enter a phase: record it, do its action.
    Go {
        /// The phase.
        to: Phase,
        /// What the operator should know about it.
        note: Option<String>,
    },
    /// It is over.
    End(Outcome),
}

pub(super) fn go(to: Phase) -> Step {
    Step::Go { to, note: None }
}

pub(super) fn again(phase: Phase, waiting: Vec<String>) -> Step {
    Step::Stay {
        phase,
        waiting,
        again: true,
    }
}
