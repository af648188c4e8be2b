//! The phases of a switch, in order, and the action of each.

use super::{How, Part, WhyBack};
use crate::restart::{Action, Limits};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A phase of a switch. The *new* target is the one that is to serve, the *old* one served before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchPhase {
    /// A command prepares the new target, which serves no users.
    Prepare,
    /// The new target is being started.
    Start,
    /// The new target must be healthy as often in a row as configured.
    Healthy {
        /// The number of healthy answers in a row.
        streak: u32,
    },
    /// A command verifies the new target.
    Verify,
    /// The new target's port must not be parked.
    Unpark,
    /// The new target's gates are open; every balancer must show its lines fully UP.
    Join,
    /// The old target's main gate is closed, or both; every balancer must show these lines DOWN.
    Leave,
    /// The old twin keeps its users until it is quiet for a while, or the time is up.
    Sticky {
        /// Sessions that the twins had had at the last look.
        sessions: u64,
        /// The time in this phase at which that number last changed or something was in flight.
        busy_at: Duration,
    },
    /// The old twin's gate is closed; every balancer must show it DOWN.
    Shed,
    /// Nothing may be in flight on the old target.
    Drain {
        /// The number of quiet looks in a row.
        zeros: u32,
    },
    /// The new target serves alone, and is watched for a while.
    Settle {
        /// What the drain left in flight on the old target.
        undrained: Vec<String>,
    },
    /// The target that does not serve is parked. Nothing may be in flight on it.
    Park {
        /// The number of quiet looks in a row.
        zeros: u32,
        /// Some: it is the new target, and the switch went back.
        back: Option<WhyBack>,
    },
    /// The target that does not serve is being stopped.
    Stop {
        /// Some: it is the new target, and the switch goes back.
        back: Option<WhyBack>,
    },
    /// The new target is sick, or the old one did not go out. The old target's gates are open;
    /// every balancer must show its lines fully UP.
    TakeBack(WhyBack),
    /// The old target serves. The new one's gates are closed; every balancer must show its lines
    /// DOWN.
    Withdraw(WhyBack),
}

impl SwitchPhase {
    /// Its action on entering, and again at each look that asks for it.
    pub(in crate::restart) fn action(&self, limits: &Limits) -> Option<Action> {
        Some(match self {
            SwitchPhase::Prepare => Action::Prepare,
            SwitchPhase::Start => Action::Start,
            // The old target serves until the join: another process may have closed its gates.
            SwitchPhase::Healthy { .. } => Action::Park(Part::New),
            SwitchPhase::Verify => Action::Verify,
            SwitchPhase::Unpark => Action::Unpark,
            SwitchPhase::Join => Action::Join,
            SwitchPhase::Leave if !limits.sticky.is_zero() => Action::LeaveMain,
            SwitchPhase::Sticky { .. } => Action::LeaveMain,
            // Also later: another process may have moved a gate, and it is set again.
            SwitchPhase::Leave
            | SwitchPhase::Shed
            | SwitchPhase::Drain { .. }
            | SwitchPhase::Settle { .. } => Action::LeaveBoth,
            SwitchPhase::Park { back, .. } => Action::Park(idle(back)),
            SwitchPhase::Stop { back } => Action::Stop(idle(back)),
            SwitchPhase::TakeBack(_) => Action::TakeBack,
            SwitchPhase::Withdraw(_) => Action::Withdraw,
        })
    }

    /// Its time limit.
    pub(in crate::restart) fn limit(&self, limits: &Limits) -> Duration {
        match self {
            SwitchPhase::Prepare => limits.upgrade,
            SwitchPhase::Start | SwitchPhase::Stop { .. } => limits.restart,
            SwitchPhase::Healthy { .. } | SwitchPhase::Verify => limits.healthy,
            SwitchPhase::Join | SwitchPhase::TakeBack(_) => limits.in_rotation,
            SwitchPhase::Unpark
            | SwitchPhase::Leave
            | SwitchPhase::Shed
            | SwitchPhase::Withdraw(_)
            // The old target has drained before, and a reload may have brought it users again.
            | SwitchPhase::Park { back: None, .. } => limits.out_of_rotation,
            SwitchPhase::Sticky { .. } => limits.sticky,
            SwitchPhase::Drain { .. } | SwitchPhase::Park { back: Some(_), .. } => limits.drain,
            SwitchPhase::Settle { .. } => limits.settles_for(),
        }
    }

    /// Its name in logs, JSON and the journal.
    pub(in crate::restart) fn name(&self) -> &'static str {
        match self {
            SwitchPhase::Prepare => "prepare",
            SwitchPhase::Start => "start",
            SwitchPhase::Healthy { .. } => "healthy",
            SwitchPhase::Verify => "verify",
            SwitchPhase::Unpark => "unpark",
            SwitchPhase::Join => "join",
            SwitchPhase::Leave => "leave",
            SwitchPhase::Sticky { .. } => "sticky",
            SwitchPhase::Shed => "shed",
            SwitchPhase::Drain { .. } => "drain",
            SwitchPhase::Settle { .. } => "settle",
            SwitchPhase::Park { .. } => "park",
            SwitchPhase::Stop { .. } => "stop",
            SwitchPhase::TakeBack(_) => "take_back",
            SwitchPhase::Withdraw(_) => "withdraw",
        }
    }

    /// The phases from this one on, if all succeed.
    pub fn ahead(&self, limits: &Limits) -> Vec<SwitchPhase> {
        let (switch, watches) = (limits.switch, limits.settle.is_some());
        let starts = switch.how == How::Start;
        let (sticky, back) = (!limits.sticky.is_zero(), None);
        let busy_at = limits.sticky;
        let all = [
            (switch.prepares, SwitchPhase::Prepare),
            (starts, SwitchPhase::Start),
            (true, SwitchPhase::Healthy { streak: 0 }),
            (starts && switch.verifies, SwitchPhase::Verify),
            (true, SwitchPhase::Unpark),
            (true, SwitchPhase::Join),
            (true, SwitchPhase::Leave),
            (
                sticky,
                SwitchPhase::Sticky {
                    sessions: 0,
                    busy_at,
                },
            ),
            (sticky, SwitchPhase::Shed),
            (true, SwitchPhase::Drain { zeros: 0 }),
            (
                starts && watches,
                SwitchPhase::Settle {
                    undrained: Vec::new(),
                },
            ),
            (
                true,
                SwitchPhase::Park {
                    zeros: 0,
                    back: back.clone(),
                },
            ),
            (!switch.keeps, SwitchPhase::Stop { back }),
        ];
        let all = all.into_iter().filter(|(is_in, _)| *is_in);
        let from = all.map(|(_, phase)| phase);
        from.skip_while(|phase| phase.name() != self.name())
            .collect()
    }

    /// The first phase of a switch.
    pub(in crate::restart) fn first(how: How, prepares: bool) -> SwitchPhase {
        match how {
            How::Start if prepares => SwitchPhase::Prepare,
            How::Start => SwitchPhase::Start,
            How::Back => SwitchPhase::Healthy { streak: 0 },
            How::Finish => SwitchPhase::Drain { zeros: 0 },
        }
    }
}

/// The target that does not serve at the end.
pub(super) fn idle(back: &Option<WhyBack>) -> Part {
    match back {
        None => Part::Old,
        Some(_) => Part::New,
    }
}
