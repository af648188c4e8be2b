//! What a phase means for the driver, for other hosts and for a crash. Its action depends on the
//! phase, the verb and the limits, never on what was seen. So the agent can repeat it after a crash,
//! unless it touches the app.

use super::switch::{Part, SwitchPhase, WhyBack};
use super::{Action, Ask, Limits, Phase, Verb};
use crate::haproxy::{BalancerObservation, Role};

impl Phase {
    /// Its action on entering, and again at each look that asks for it.
    pub fn action(&self, verb: Verb, limits: &Limits) -> Option<Action> {
        match self {
            Phase::Claim => Some(Action::CloseTwin),
            Phase::Close | Phase::Floor if limits.closes_both() || limits.claims() => {
                Some(Action::CloseBoth)
            }
            Phase::Close | Phase::Floor | Phase::Sticky { .. } => Some(Action::CloseMain),
            // Also in the drain: another process may have opened a gate, and it is closed again.
            Phase::Shed | Phase::Drain { .. } => Some(Action::CloseBoth),
            Phase::Upgrade => Some(Action::Upgrade),
            Phase::Rollback(_) => Some(Action::Rollback),
            Phase::Restart => Some(Action::Restart),
            // Another process may restore old rules. They must not open a gate before a sick app.
            Phase::Healthy { .. } if verb == Verb::Restart => Some(Action::CloseBoth),
            Phase::Open | Phase::Settle => Some(Action::OpenBoth),
            // Also in a wait: another process may flush the rules, and the sidecar leaves them to this
            // operation.
            Phase::Lock | Phase::PutBack(_) | Phase::BackOff { .. } => Some(Action::PutBack),
            Phase::Healthy { .. } | Phase::Sick(_) => None,
            Phase::Switch(phase) => phase.action(limits),
        }
    }

    /// It takes the host out of rotation, and the app is not touched yet.
    pub fn closes(&self) -> bool {
        matches!(
            self,
            Phase::Claim
                | Phase::Close
                | Phase::Floor
                | Phase::Sticky { .. }
                | Phase::Shed
                | Phase::Drain { .. }
        )
    }

    /// HAProxy already shows this host DOWN, or the host is on its way back. It takes no further
    /// server away.
    pub fn is_settled(&self) -> bool {
        let goes = matches!(self, Phase::Lock | Phase::Claim | Phase::Close);
        !goes && !matches!(self, Phase::PutBack(_) | Phase::BackOff { .. })
    }

    /// It is not yet known whether enough other servers are left.
    pub fn awaits_floor(&self, limits: &Limits) -> bool {
        let is_before = matches!(self, Phase::Claim | Phase::Close | Phase::Floor);
        is_before && limits.checks_capacity()
    }

    /// Its action touches the app.
    pub fn touches_app(&self) -> bool {
        matches!(self, Phase::Upgrade | Phase::Rollback(_) | Phase::Restart)
    }

    /// The app is not touched yet, and this phase does not touch it.
    pub fn is_before_restart(&self) -> bool {
        let is_in = matches!(
            self,
            Phase::Lock | Phase::PutBack(_) | Phase::BackOff { .. }
        );
        self.closes() || is_in
    }

    /// The driver asks the app for its health in this phase.
    pub fn asks_app(&self) -> bool {
        match self {
            Phase::Switch(phase) => phase.asks_app(),
            phase => matches!(phase, Phase::Lock | Phase::Healthy { .. } | Phase::Settle),
        }
    }

    /// The driver asks the app at each look. Elsewhere it asks now and then.
    pub fn needs_health(&self) -> bool {
        match self {
            Phase::Switch(phase) => phase.needs_health(),
            phase => phase.waits_for_app(),
        }
    }

    /// The operation waits for the app alone.
    pub fn waits_for_app(&self) -> bool {
        matches!(
            self,
            Phase::Healthy { .. } | Phase::Switch(SwitchPhase::Healthy { .. })
        )
    }

    /// The driver adds up what HAProxy counts on the lines of the target that serves. It begins
    /// anew after a phase that does not.
    pub fn counts(&self, limits: &Limits) -> bool {
        match self {
            Phase::Switch(phase) => phase.counts(limits),
            phase => *phase == Phase::Settle,
        }
    }

    /// The lines of the target that serves, by a look.
    pub fn serving<'a>(
        &self,
        balancers: &'a [BalancerObservation],
        other: &'a [BalancerObservation],
    ) -> &'a [BalancerObservation] {
        match self.part() == self.serves() {
            true => balancers,
            false => other,
        }
    }

    /// What the driver asks the balancers of the other target of a switch; None: nothing.
    pub fn asks_other(&self, limits: &Limits) -> Option<Ask> {
        let Phase::Switch(phase) = self else {
            return None;
        };
        phase.asks_balancers()?;
        match self.counts(limits) && self.part() != self.serves() {
            true => Some(Ask::Errors),
            false => Some(Ask::Lines),
        }
    }

    /// The driver watches the connections to the app in this phase. It does so from the first
    /// phase on, so that the drain knows the balancers' connections.
    pub fn watches_connections(&self) -> bool {
        match self {
            Phase::Switch(phase) => phase.drains(),
            phase => phase.closes(),
        }
    }

    /// The gates are closed, and the operation does not wait for HAProxy. HAProxy is watched in
    /// the background.
    pub fn keeps_closed(&self, verb: Verb) -> bool {
        let waits = matches!(self, Phase::Healthy { .. }) && verb == Verb::Restart;
        waits || self.touches_app()
    }

    /// The target that the looks at HAProxy and the connections concern. An app without targets is
    /// the old one.
    pub fn part(&self) -> Part {
        match self {
            Phase::Switch(phase) => phase.part(),
            _ => Part::Old,
        }
    }

    /// The target that is asked for its health.
    pub fn serves(&self) -> Part {
        match self {
            Phase::Switch(phase) => phase.serves(),
            _ => Part::Old,
        }
    }

    /// The phase to enter instead if this one can't be recorded; None: it needs no record. After a
    /// crash the next agent would not know that a target was started, or that users are on it.
    pub fn unrecorded(&self, why: &str) -> Option<Phase> {
        match self {
            Phase::Switch(SwitchPhase::Start) => Some(Phase::Switch(SwitchPhase::Park {
                zeros: 0,
                back: Some(WhyBack::Unstarted(Box::new(WhyBack::Unrecorded(
                    why.to_owned(),
                )))),
            })),
            Phase::Switch(SwitchPhase::Join) => Some(Phase::Switch(SwitchPhase::Park {
                zeros: 0,
                back: Some(WhyBack::Unrecorded(why.to_owned())),
            })),
            _ => None,
        }
    }

    /// What the driver asks the balancers in this phase, and waits for; None: nothing.
    pub fn asks_balancers(&self, limits: &Limits) -> Option<Ask> {
        match self {
            Phase::Healthy { .. } | Phase::Sick(_) => None,
            Phase::Switch(phase) => phase.asks_balancers(),
            phase if phase.touches_app() => None,
            Phase::Open if limits.in_rotation.is_zero() => None,
            Phase::Lock => Some(Ask::CapacityWhenDue),
            Phase::Claim => Some(Ask::CapacityOnceOut(Role::Twin)),
            // With a lock the twin may announce nothing.
            Phase::Close if limits.checks_capacity() => {
                let by_claim = limits.claims() && !limits.closes_both_by_lock();
                Some(Ask::CapacityIfDue(by_claim))
            }
            Phase::Floor | Phase::BackOff { .. } => Some(Ask::Capacity),
            Phase::Drain { .. } => Some(Ask::Leaving),
            Phase::Settle => Some(Ask::Errors),
            _ => Some(Ask::Lines),
        }
    }
}
