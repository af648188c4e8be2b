//! The failure after which the agent itself holds the gates closed.

use super::{Failed, Hold};
use crate::clock::boot;
use crate::state::caller::Origin;
use crate::state::invocation::Invocation;

/// A failure, with the operation that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    pub(super) invocation: Invocation,
    pub(super) failed: Failed,
    pub(super) why: String,
    origin: Option<Origin>,
}

impl Failure {
    /// Of the operation with this origin, if that is known.
    pub fn new(
        invocation: Invocation,
        origin: Option<&Origin>,
        failed: Failed,
        why: String,
    ) -> Failure {
        Failure {
            invocation,
            failed,
            why,
            origin: origin.cloned(),
        }
    }

    pub(super) fn hold(self) -> Hold {
        let caller = |origin: &Origin| origin.caller.named().brief().into();
        let id = |origin: &Origin| (!origin.id.is_empty()).then(|| origin.id.as_str().into());
        Hold {
            user: self.origin.as_ref().map(caller),
            operation: self.origin.as_ref().and_then(id),
            invocation: self.invocation,
            owner: None,
            reason: Some(self.why),
            until: None,
            boot: boot(),
            also: None,
            failed: Some(self.failed),
            before: None,
        }
    }
}
