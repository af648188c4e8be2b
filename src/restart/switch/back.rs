//! The way back to the old target.

use super::step::{stay, to, to_with};
use super::{SwitchPhase, WhyBack};
use crate::haproxy::{BalancerObservation, Role};
use crate::restart::observation::{not_back, unseen};
use crate::restart::step::Step;
use crate::restart::{ActionResult, Limits, Observation, Outcome, Phase};

/// It may also be half stopped.
const LEFT_AS_IT_IS: &str = "the new target ran before, and the switch may have stopped it: the agent \
                             left it as it is, without users; see `agent status`";

/// Back from the join. No gate of the old target was closed. If HAProxy shows it UP, the new one can
/// be closed at once.
pub(super) fn back(why: WhyBack, seen: &Observation, limits: &Limits) -> Step {
    let beside = beside(&seen.balancers, limits);
    match unseen(&seen.other).is_empty() && not_back(&seen.other, beside).is_empty() {
        true => to(SwitchPhase::Withdraw(why)),
        false => to(SwitchPhase::TakeBack(why)),
    }
}

/// The new target's gates close only once every balancer shows the old one UP. Otherwise both stay
/// open, and HAProxy sends users to the one that passes its checks.
pub(super) fn take_back(why: &WhyBack, seen: &Observation, limits: &Limits, over: bool) -> Step {
    let not_back = not_back(&seen.balancers, beside(&seen.other, limits));
    let waiting = [seen.unseen(), not_back.clone()].concat();
    match &seen.action_result {
        ActionResult::Failed(failed) if over => Step::End(Outcome::GateFailed {
            why: failed.clone(),
            put_back: false,
        }),
        ActionResult::Failed(failed) => {
            stay(SwitchPhase::TakeBack(why.clone()), vec![failed.clone()])
        }
        ActionResult::Done if waiting.is_empty() => to(SwitchPhase::Withdraw(why.clone())),
        ActionResult::Done if over && not_back.is_empty() => both_may_serve(why, seen),
        ActionResult::Done if over => neither(why, waiting),
        ActionResult::Done => stay(SwitchPhase::TakeBack(why.clone()), waiting),
    }
}

/// The new target, beside which a held line of the old one is not back. Not the page of an `on`: it was no
/// reason to begin that users were kept out of the app, so it is none to stay.
fn beside<'a>(new: &'a [BalancerObservation], limits: &Limits) -> &'a [BalancerObservation] {
    match limits.switch.with_page && !limits.switch.from_page {
        true => &[],
        false => new,
    }
}

/// A gate could not be closed, and the look behind that decision is old. It is tried again once a
/// look shows the other target UP.
pub(super) fn stay_open(phase: SwitchPhase, failed: &str, seen: &Observation) -> Step {
    let other = seen.other_not_confirmed_back();
    let again = other.is_empty();
    Step::Stay {
        phase: Phase::Switch(phase),
        waiting: [vec![failed.to_owned()], other].concat(),
        again,
    }
}

fn neither(why: &WhyBack, waiting: Vec<String>) -> Step {
    Step::End(Outcome::NeitherHealthy {
        why: why.in_words(),
        waiting,
    })
}

/// What is seen shows the old target UP. The new one may be healthy, too.
fn both_may_serve(why: &WhyBack, seen: &Observation) -> Step {
    let (seen, unseen): (Vec<_>, Vec<_>) =
        seen.balancers.iter().partition(|one| one.answer.is_ok());
    Step::End(Outcome::BothMayServe {
        why: match why {
            WhyBack::NotPlaced(why) => why.clone(),
            why => why.in_words(),
        },
        unseen: unseen.iter().map(|one| one.name.clone()).collect(),
        some_seen: !seen.is_empty(),
    })
}

pub(super) fn withdraw(why: &WhyBack, seen: &Observation, over: bool) -> Step {
    let waiting = [
        seen.unseen(),
        seen.not_out(Role::Main),
        seen.not_out(Role::Twin),
    ]
    .concat();
    let park = || SwitchPhase::Park {
        zeros: 0,
        back: Some(why.clone()),
    };
    match &seen.action_result {
        ActionResult::Failed(failed) if over => Step::End(Outcome::GateFailed {
            why: failed.clone(),
            put_back: false,
        }),
        ActionResult::Failed(failed) => stay_open(SwitchPhase::Withdraw(why.clone()), failed, seen),
        ActionResult::Done if waiting.is_empty() => to(park()),
        ActionResult::Done if over => {
            let note = format!("not out of rotation in time: {}", waiting.join(", "));
            to_with(park(), Some(note))
        }
        ActionResult::Done => stay(SwitchPhase::Withdraw(why.clone()), waiting),
    }
}

/// How a switch ended that had nothing to go back to.
pub(super) fn unmoved(why: &WhyBack) -> Outcome {
    match why {
        WhyBack::Interrupted(signal) => Outcome::Interrupted {
            signal: *signal,
            left: "users are where they were before".to_owned(),
        },
        WhyBack::Sick(_) | WhyBack::NotOut(_) => Outcome::NotPlaced {
            why: why.in_words(),
            note: None,
        },
        why => outcome(why, None),
    }
}

/// How a switch ended that went back for this reason.
pub(super) fn outcome(why: &WhyBack, note: Option<String>) -> Outcome {
    match why.clone() {
        WhyBack::NotPlaced(why) => Outcome::NotPlaced { why, note },
        WhyBack::Sick(_) | WhyBack::NotOut(_) => Outcome::SwappedBack {
            why: why.in_words(),
            note,
        },
        WhyBack::GateFailed(why) => Outcome::GateFailed {
            why: with(why, note),
            put_back: true,
        },
        WhyBack::Unrecorded(why) => Outcome::Unrecorded {
            why: with(why, note),
            back: true,
        },
        WhyBack::Interrupted(signal) => Outcome::Interrupted {
            signal,
            left: with("the old target serves, as before".to_owned(), note),
        },
        WhyBack::CutShort => Outcome::Done { note },
        // Nothing was changed.
        WhyBack::Unstarted(why) if matches!(*why, WhyBack::Unrecorded(_)) => outcome(&why, note),
        WhyBack::Unstarted(why) => outcome(&why, Some(with(LEFT_AS_IT_IS.to_owned(), note))),
    }
}

fn with(what: String, note: Option<String>) -> String {
    match note {
        None => what,
        Some(note) => format!("{what}; {note}"),
    }
}

impl WhyBack {
    /// For messages.
    pub fn in_words(&self) -> String {
        match self {
            WhyBack::NotPlaced(why) => format!("the new target can't serve: {why}"),
            WhyBack::Sick(why) => format!("the new target is sick: {why}"),
            WhyBack::NotOut(waiting) => format!(
                "the old target was not out of rotation in time: {}",
                waiting.join(", ")
            ),
            WhyBack::GateFailed(why) => format!("the rules could not be set: {why}"),
            WhyBack::Unrecorded(why) => format!("the journal can't be written: {why}"),
            WhyBack::Interrupted(signal) => format!("interrupted by signal {signal}"),
            WhyBack::CutShort => "an earlier switch was cut short".to_owned(),
            WhyBack::Unstarted(why) => why.in_words(),
        }
    }
}
