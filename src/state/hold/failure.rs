//! The failure after which the agent itself holds the gates closed.

use super::{Failed, Hold};
use crate::clock::boot;
use crate::state::caller::Origin;
use crate::state::invocation::Invocation;

impl Hold {
    /// An operator's hold after this failure. Half an upgrade stays one, also if a restart fails after it;
    /// so the end of a maintenance does not forget it.
    pub(super) fn after(self, failure: Failure) -> Hold {
        match failure.failed {
            Failed::Restart => Hold {
                failed: self.failed.or(Some(Failed::Restart)),
                also: Some(failure.why),
                ..self
            },
            half => Hold {
                failed: Some(half),
                before: self.before.map(|_| Box::new(failure.clone().hold())),
                also: Some(failure.why),
                ..self
            },
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::super::Failed::{Restart, Upgrade, UpgradeCutShort};
    use super::*;
    use crate::restart::Verb;

    fn failure(failed: Failed) -> Failure {
        let restart = Invocation::new(Verb::Restart, "web");
        Failure::new(restart, None, failed, "why".to_owned())
    }

    fn maintenance(failed: Option<Failed>, before: Option<Failed>) -> Hold {
        Hold {
            failed,
            before: before.map(|failed| Box::new(failure(failed).hold())),
            ..failure(Restart).hold()
        }
    }

    #[test]
    fn half_an_upgrade_is_not_forgotten() {
        for (there, new, after) in [
            (None, Restart, Restart),
            (None, Upgrade, Upgrade),
            (Some(Restart), Upgrade, Upgrade),
            (Some(Upgrade), Restart, Upgrade),
            (Some(UpgradeCutShort), Restart, UpgradeCutShort),
            (Some(UpgradeCutShort), Upgrade, Upgrade),
        ] {
            let hold = maintenance(there, None).after(failure(new));
            assert_eq!(hold.failed, Some(after), "{there:?} {new:?}");
        }
        // What the end of a maintenance returns to.
        for (before, new, after) in [
            (Restart, Restart, Restart),
            (Restart, Upgrade, Upgrade),
            (Upgrade, Restart, Upgrade),
        ] {
            let hold = maintenance(Some(before), Some(before)).after(failure(new));
            let before = hold.before.unwrap();
            assert_eq!(before.failed, Some(after), "{new:?}");
        }
    }
}
