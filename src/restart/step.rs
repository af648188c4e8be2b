//! What the driver does next.

use super::{Outcome, Phase};

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look again in this phase, with updated counters.
    Stay {
        /// The phase.
        phase: Phase,
        /// What the operation waits for, one entry each.
        waiting: Vec<String>,
        /// The phase's action must be repeated: it failed, or its effect is gone.
        again: bool,
    },
    /// Enter a phase: write it to the journal, do its action.
    Go {
        /// The phase.
        to: Phase,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// The operation is over.
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
