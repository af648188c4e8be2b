//! An operation that ends before it has touched anything.

use crate::restart::{Outcome, Refusal};
use std::ops::ControlFlow;

/// Break: the operation ends with this outcome and has touched nothing. It found nothing to do,
/// was a dry run, was skipped, refused or interrupted, or another process has the lock. None of
/// these is an error of the agent.
pub(super) type Begun<T> = ControlFlow<Outcome, T>;

/// Continues with the value, or ends with the outcome.
pub(super) fn or_ends<T>(result: Result<T, Outcome>) -> Begun<T> {
    match result {
        Ok(it) => ControlFlow::Continue(it),
        Err(outcome) => ControlFlow::Break(outcome),
    }
}

pub(super) fn refused(why: String) -> Outcome {
    Outcome::Refused(Refusal::Preflight(vec![why.into()]))
}

pub(super) fn untouched(signal: i32) -> Outcome {
    Outcome::Interrupted {
        signal,
        left: "nothing was changed".to_owned(),
    }
}
