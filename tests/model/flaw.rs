//! Faults that the search must find. A search that finds nothing proves nothing.

use super::shown::out;
use haproxy_gate::haproxy::{BalancerObservation, Role, Status};
use haproxy_gate::restart::switch::SwitchPhase;
use haproxy_gate::restart::{Ask, Limits, Phase, TakesLock, Why};

/// What is left out of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The claim does not wait until its twin is DOWN.
    NoWait,
    /// The claims of other hosts are not counted.
    NoClaims,
    /// The others are not counted any more once the main line is DOWN.
    NoFloor,
    /// Without a claim, an agent does not give way to a host that goes at the same moment.
    NoWay,
    /// Hosts that claim together all keep their claims.
    NoPutBack,
    /// A recovery closes gates that are open again.
    ClosesAgain,
    /// A host that is out waits for the lock.
    WaitsOut,
    /// A host that was out, and serves again, goes on without the lock.
    NeverAsks,
    /// A switch does not wait until the new target is UP.
    JoinsBlind,
    /// It does not wait until the old target is UP again.
    WithdrawsBlind,
    /// It does not see the requests in flight.
    NoDrain,
    /// It stops a target whose port is not parked.
    NoPark,
    /// It stops the old target as it closes it.
    StopsAtOnce,
    /// A recovery closes the old target at once.
    LeavesAtOnce,
    /// It ends on its way back, with both targets open.
    EndsOpen,
    /// It joins again and again.
    JoinsAgain,
    /// It takes the new target for healthy and UP.
    TrustsStart,
    /// It takes a twin that was given free for a claim.
    ForgetsClaim,
    /// It does not wait for a line that an operator holds.
    PassesHeld,
    /// With two slots of the lock a host goes as if it was alone.
    ThinksAlone,
}

impl Flaw {
    /// By what it decides.
    pub(super) fn within(self, limits: Limits) -> Limits {
        let alone = |lock| TakesLock {
            alone: true,
            ..lock
        };
        match self {
            Flaw::ThinksAlone => Limits {
                lock: limits.lock.map(alone),
                ..limits
            },
            _ => limits,
        }
    }

    /// What the phase asks the balancers.
    pub(super) fn asks(self, phase: &Phase, ask: Option<Ask>) -> Option<Ask> {
        match (self, phase) {
            (Flaw::NoWait, Phase::Claim) => Some(Ask::Capacity),
            _ => ask,
        }
    }

    /// Changes what a look shows, so that the core decides without one of its checks.
    pub(super) fn spoil(self, balancer: &mut BalancerObservation, phase: &Phase) {
        let answer = balancer.answer.as_mut().expect("an answer");
        match (self, phase) {
            // A line that comes up is not out.
            (Flaw::WaitsOut, Phase::Lock) => {
                let lines = answer.lines.iter_mut();
                lines.for_each(|line| line.status = Status::Drain("DRAIN".to_owned()));
            }
            (Flaw::NoWait, Phase::Claim) => {
                answer.lines.iter_mut().for_each(|line| line.out = true);
            }
            (Flaw::NoClaims, _) => {
                answer
                    .backends
                    .iter_mut()
                    .for_each(|one| one.claimed.clear());
            }
            (Flaw::NoFloor, Phase::Close) if out(Role::Main, &answer.lines) => {
                answer.backends.clear();
            }
            (Flaw::NoWay, Phase::Close) => answer.backends.clear(),
            (Flaw::JoinsBlind | Flaw::TrustsStart, Phase::Switch(SwitchPhase::Join))
            | (Flaw::WithdrawsBlind, Phase::Switch(SwitchPhase::TakeBack(_))) => {
                answer.lines.iter_mut().for_each(|line| line.proven = true);
            }
            (Flaw::NoDrain, _) => answer.leaving = None,
            (Flaw::PassesHeld, Phase::Switch(SwitchPhase::Join)) => {
                let held = answer.lines.iter_mut().filter(|line| line.is_held());
                held.for_each(|line| line.proven = true);
            }
            _ => {}
        }
    }

    /// The phase that is entered.
    pub(super) fn enters(self, phase: Phase) -> Phase {
        match (self, &phase) {
            (Flaw::NoFloor, Phase::Floor) => Phase::Drain { zeros: 0 },
            (Flaw::NoPutBack, Phase::PutBack(Why::TooFewServers(_))) => Phase::Claim,
            (Flaw::NoPark, Phase::Switch(SwitchPhase::Park { back, .. })) => {
                Phase::Switch(SwitchPhase::Stop { back: back.clone() })
            }
            (Flaw::StopsAtOnce, Phase::Switch(SwitchPhase::Leave)) => {
                Phase::Switch(SwitchPhase::Stop { back: None })
            }
            (Flaw::JoinsAgain, Phase::Switch(SwitchPhase::Withdraw(_))) => {
                Phase::Switch(SwitchPhase::Join)
            }
            _ => phase,
        }
    }

    /// The first phase of an operation.
    pub(super) fn begins(self, phase: Phase) -> Phase {
        match (self, &phase) {
            (Flaw::ClosesAgain, Phase::Open) => Phase::Healthy { streak: 0 },
            (Flaw::LeavesAtOnce, Phase::Switch(SwitchPhase::Join)) => {
                Phase::Switch(SwitchPhase::Leave)
            }
            _ => phase,
        }
    }

    /// The operation ends there.
    pub(super) fn ends(self, phase: &Phase) -> bool {
        let goes_back = matches!(phase, Phase::Switch(SwitchPhase::Withdraw(_)));
        self == Flaw::EndsOpen && goes_back
    }
}
