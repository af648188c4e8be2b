//! An operation that is over before it has touched anything.

use crate::restart::{Outcome, Refusal};
use std::ops::ControlFlow;

/// Break: it is over, and nothing was touched. There is nothing to do, it was only planned or is
/// skipped, somebody has the lock, it is refused or interrupted: no error, but how it ends.
pub(super) type Begun<T> = ControlFlow<Outcome, T>;

/// It goes on with this, or ends with that.
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
