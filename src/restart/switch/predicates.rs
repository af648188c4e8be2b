//! What a phase of a switch means for the driver: its target, its looks, its health.

use super::phase::idle;
use super::{How, Part, SwitchPhase};
use crate::restart::{Ask, Limits};

impl SwitchPhase {
    /// The target whose lines and connections the looks show first.
    pub(in crate::restart) fn part(&self) -> Part {
        match self {
            SwitchPhase::Leave
            | SwitchPhase::Sticky { .. }
            | SwitchPhase::Shed
            | SwitchPhase::Drain { .. }
            | SwitchPhase::TakeBack(_) => Part::Old,
            SwitchPhase::Park { back, .. } | SwitchPhase::Stop { back } => idle(back),
            _ => Part::New,
        }
    }

    /// The target that serves alone at the end, if this phase leads there. The app is asked there
    /// for its health.
    pub fn serves(&self) -> Part {
        match self {
            SwitchPhase::TakeBack(_) | SwitchPhase::Withdraw(_) => Part::Old,
            SwitchPhase::Park { back: Some(_), .. } | SwitchPhase::Stop { back: Some(_) } => {
                Part::Old
            }
            _ => Part::New,
        }
    }

    /// A gate of the new target may be open, or has been.
    pub fn is_from_join(&self) -> bool {
        self.is_late() || *self == SwitchPhase::Join
    }

    /// After the join: the old target may be closed, and the new one must stay healthy.
    pub(in crate::restart) fn is_late(&self) -> bool {
        matches!(
            self,
            SwitchPhase::Leave
                | SwitchPhase::Sticky { .. }
                | SwitchPhase::Shed
                | SwitchPhase::Drain { .. }
                | SwitchPhase::Settle { .. }
                | SwitchPhase::Park { back: None, .. }
        )
    }

    /// The driver adds up what HAProxy counts on the new target's lines, for the watch. New users
    /// reach that one from the begin of Leave on.
    pub(in crate::restart) fn counts(&self, limits: &Limits) -> bool {
        let is_settle = matches!(self, SwitchPhase::Settle { .. });
        let is_parked = matches!(self, SwitchPhase::Park { .. });
        let watches = limits.settle.is_some() && limits.switch.how == How::Start;
        is_settle || (watches && self.is_late() && !is_parked)
    }

    /// The driver asks the target that is to serve for its health.
    pub(in crate::restart) fn asks_app(&self) -> bool {
        self.is_from_join() || matches!(self, SwitchPhase::Healthy { .. })
    }

    /// The next step depends on a fresh answer of the target that is to serve.
    pub(in crate::restart) fn needs_health(&self) -> bool {
        matches!(
            self,
            SwitchPhase::Healthy { .. }
                | SwitchPhase::Park {
                    zeros: 1..,
                    back: None
                }
        )
    }

    /// The driver watches the connections to the target that goes.
    pub(in crate::restart) fn drains(&self) -> bool {
        let leaves = self.is_late() && self.part() == Part::Old;
        leaves || matches!(self, SwitchPhase::Withdraw(_) | SwitchPhase::Park { .. })
    }

    /// What the driver asks the balancers in this phase; None: nothing.
    pub(in crate::restart) fn asks_balancers(&self) -> Option<Ask> {
        match self {
            SwitchPhase::Drain { .. } | SwitchPhase::Park { .. } => Some(Ask::Leaving),
            SwitchPhase::Join | SwitchPhase::TakeBack(_) | SwitchPhase::Withdraw(_) => {
                Some(Ask::Lines)
            }
            SwitchPhase::Settle { .. } => Some(Ask::Errors),
            phase if phase.is_late() => Some(Ask::Lines),
            _ => None,
        }
    }
}
