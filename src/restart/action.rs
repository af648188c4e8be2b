//! The actions, and what the balancers are asked.

use super::switch::Part;
use crate::haproxy::Role;

/// What the balancers are asked in a phase, in addition to our own lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Our own lines only.
    Lines,
    /// The capacity of our backends.
    Capacity,
    /// The capacity, once our lines of this role are out. It needs whole backends, and nothing is
    /// decided before.
    CapacityOnceOut(Role),
    /// The capacity, as often as the size of the backends allows. True: only if a claim is not visible
    /// in one of them.
    CapacityIfDue(bool),
    /// The capacity of our backends, once their size allows it.
    CapacityWhenDue,
    /// What leaving workers carry.
    Leaving,
    /// What HAProxy has counted on our lines and on those of other hosts.
    Errors,
}

impl Ask {
    /// The same of a host whose claim was not seen in some of its backends: it counts the others.
    pub fn with(self, unclaimed: &[String]) -> Ask {
        match self {
            Ask::CapacityIfDue(true) if !unclaimed.is_empty() => Ask::CapacityIfDue(false),
            ask => ask,
        }
    }
}

/// The action of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Close the main gate; the twin's gate stays as it is.
    CloseMain,
    /// Close the twin's gate; the main gate stays as it is.
    CloseTwin,
    /// Close both gates.
    CloseBoth,
    /// Upgrade the app. This action and the next two are not simply repeated.
    Upgrade,
    /// Take the app back to the old version.
    Rollback,
    /// Restart the app.
    Restart,
    /// Open both gates.
    OpenBoth,
    /// Set both gates to the positions in which the operation found them. A switch: the old target's
    /// gates are open, and the new one's closed.
    PutBack,
    /// A switch: prepare the new target, which serves no users. Never repeated. This action and the
    /// next three keep the old target's gates open and the new one's closed.
    Prepare,
    /// A switch: start the new target. If it runs, it is stopped first.
    Start,
    /// A switch: run the verification against the new target.
    Verify,
    /// A switch: the new target's traffic port is not parked.
    Unpark,
    /// A switch: the new target is not parked, and all gates of both targets are open.
    Join,
    /// A switch: the new target is recorded as the current one. Its gates are open, the old
    /// target's main gate is closed, and the old twin's gate is open.
    LeaveMain,
    /// The same, and the old twin's gate is closed.
    LeaveBoth,
    /// A switch: the old target is recorded as the current one. It is not parked, and its gates are
    /// open. The new target's gates stay as they are.
    TakeBack,
    /// A switch: the same, and the new target's gates are closed.
    Withdraw,
    /// A switch: the gates of this target are closed, those of the other one are open, and this
    /// one's traffic port is redirected to the other.
    Park(Part),
    /// A switch: stop this target. Its gates are closed, and those of the other one are open.
    Stop(Part),
}

impl Action {
    /// A gate may be open after it.
    pub fn opens(self) -> bool {
        matches!(
            self,
            Action::OpenBoth | Action::PutBack | Action::Join | Action::TakeBack
        )
    }

    /// The gates that it closes.
    pub fn closes(self) -> &'static [Role] {
        match self {
            Action::CloseMain | Action::LeaveMain => &[Role::Main],
            Action::CloseTwin => &[Role::Twin],
            Action::CloseBoth | Action::LeaveBoth | Action::Withdraw => &[Role::Main, Role::Twin],
            _ => &[],
        }
    }
}
