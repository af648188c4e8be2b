//! Faults that the search must find. A search that finds nothing proves nothing.

use super::shown::out;
use haproxy_gate::haproxy::{BalancerObservation, Role, Status};
use haproxy_gate::restart::{Ask, Phase, Why};

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
}

impl Flaw {
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
            _ => {}
        }
    }

    /// The phase that is entered.
    pub(super) fn enters(self, phase: Phase) -> Phase {
        match (self, &phase) {
            (Flaw::NoFloor, Phase::Floor) => Phase::Drain { zeros: 0 },
            (Flaw::NoPutBack, Phase::PutBack(Why::TooFewServers(_))) => Phase::Claim,
            _ => phase,
        }
    }

    /// The first phase of an operation.
    pub(super) fn begins(self, phase: Phase) -> Phase {
        match (self, &phase) {
            (Flaw::ClosesAgain, Phase::Open) => Phase::Healthy { streak: 0 },
            _ => phase,
        }
    }
}
