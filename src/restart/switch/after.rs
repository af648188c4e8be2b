//! From the join on: the old target goes, while the new one serves. Whenever the new one is sick,
//! the old one is taken back.

use super::step::{stay, to, to_with};
use super::{How, SwitchPhase, WhyBack, back};
use crate::haproxy::Role;
use crate::restart::drain::{Drained, zeros_needed};
use crate::restart::settle::{Judgement, down};
use crate::restart::step::Step;
use crate::restart::{ActionResult, Limits, Observation, OnDrainTimeout, Outcome};

/// Why the new target can't serve alone, in a phase after the join.
pub(super) fn sick(phase: &SwitchPhase, seen: &Observation, limits: &Limits) -> Option<String> {
    // A finish only ends what has been at rest: the old target may be stopped or outdated.
    if !phase.is_late() || limits.switch.how == How::Finish {
        return None;
    }
    let down = match phase.part() == phase.serves() {
        true => down(&seen.balancers),
        false => down(&seen.other),
    };
    down.or_else(|| seen.fails_in_a_row(limits))
        .or_else(|| seen.errs_too_often(limits))
}

pub(super) fn leave(seen: &Observation, limits: &Limits, over: bool) -> Step {
    let both = limits.sticky.is_zero();
    let twins = if both {
        seen.not_out(Role::Twin)
    } else {
        Vec::new()
    };
    let waiting = [seen.unseen(), seen.not_out(Role::Main), twins].concat();
    match &seen.action_result {
        ActionResult::Failed(why) if over => {
            to(SwitchPhase::TakeBack(WhyBack::GateFailed(why.clone())))
        }
        ActionResult::Failed(why) => back::stay_open(SwitchPhase::Leave, why, seen),
        ActionResult::Done if waiting.is_empty() => match seen.twins() {
            Some((sessions, _)) if !both => to(SwitchPhase::Sticky {
                sessions,
                busy_at: std::time::Duration::ZERO,
            }),
            _ => to(SwitchPhase::Drain { zeros: 0 }),
        },
        // Every balancer has shown the new target UP. What one sends to the old target now is
        // answered, because that one is left running. Of the page that is true of every line.
        ActionResult::Done if over && (limits.switch.from_page || waiting == seen.unseen()) => {
            match both {
                true => after_drain(waiting, limits),
                false => to(SwitchPhase::Shed),
            }
        }
        ActionResult::Done if over => to(SwitchPhase::TakeBack(WhyBack::NotOut(waiting))),
        // The action is repeated, because another process may open the gate meanwhile.
        ActionResult::Done => stay(SwitchPhase::Leave, waiting),
    }
}

/// Users with the old target's cookie stay on its twin until the sticky time ends.
pub(super) fn sticky(
    sessions: u64,
    busy_at: std::time::Duration,
    seen: &Observation,
    over: bool,
) -> Step {
    match crate::restart::out::twin_is_busy(sessions, busy_at, seen) {
        Some((sessions, busy_at, waiting)) if !over => {
            stay(SwitchPhase::Sticky { sessions, busy_at }, vec![waiting])
        }
        _ => to(SwitchPhase::Shed),
    }
}

pub(super) fn shed(seen: &Observation, limits: &Limits, over: bool) -> Step {
    let waiting = [seen.unseen(), seen.not_out(Role::Twin)].concat();
    match &seen.action_result {
        ActionResult::Failed(why) if over => gate_failed(why),
        ActionResult::Failed(why) => stay(SwitchPhase::Shed, vec![why.clone()]),
        ActionResult::Done if waiting.is_empty() => to(SwitchPhase::Drain { zeros: 0 }),
        ActionResult::Done if over => after_drain(waiting, limits),
        ActionResult::Done => stay(SwitchPhase::Shed, waiting),
    }
}

/// Nothing may be in flight on the old target, on HAProxy's current worker or on a leaving one.
pub(super) fn drain(zeros: u32, seen: &Observation, limits: &Limits, over: bool) -> Step {
    if let ActionResult::Failed(why) = &seen.action_result {
        return match over {
            true => gate_failed(why),
            false => stay(SwitchPhase::Drain { zeros: 0 }, vec![why.clone()]),
        };
    }
    let drained = Drained::of_target(seen, zeros);
    if drained.zeros >= zeros_needed(seen) {
        return after_drain(Vec::new(), limits);
    }
    if !over || drained.waiting.is_empty() {
        return stay(
            SwitchPhase::Drain {
                zeros: drained.zeros,
            },
            drained.waiting,
        );
    }
    match limits.on_drain_timeout {
        OnDrainTimeout::Proceed if drained.not_out.is_empty() => {
            match after_drain(Vec::new(), limits) {
                Step::Go { to, .. } => Step::Go {
                    to,
                    note: Some(proceeds(&drained.carried)),
                },
                step => step,
            }
        }
        OnDrainTimeout::Proceed | OnDrainTimeout::Abort => after_drain(drained.waiting, limits),
    }
}

fn proceeds(carried: &[String]) -> String {
    format!(
        "{}: the drain ran out of time, and on_drain_timeout is proceed; what is in flight depends \
         on the app's graceful stop",
        carried.join(", ")
    )
}

/// What is `undrained` keeps the old target running. The new one is watched all the same.
fn after_drain(undrained: Vec<String>, limits: &Limits) -> Step {
    match (limits.settle, limits.switch.how) {
        // What has served before was watched then.
        (Some(_), How::Start) => to(SwitchPhase::Settle { undrained }),
        _ => after_settle(undrained, None),
    }
}

fn after_settle(undrained: Vec<String>, note: Option<String>) -> Step {
    match undrained.is_empty() {
        true => to_with(
            SwitchPhase::Park {
                zeros: 0,
                back: None,
            },
            note,
        ),
        false => still_draining(undrained, note),
    }
}

/// A signal ends the watch.
pub(super) fn settle_no_longer(undrained: &[String]) -> Step {
    let note = "interrupted: the new target was not watched to the end".to_owned();
    after_settle(undrained.to_vec(), Some(note))
}

/// The new target serves, and a gate of the old one may be open.
fn gate_failed(why: &str) -> Step {
    Step::End(Outcome::GateFailed {
        why: why.to_owned(),
        put_back: false,
    })
}

pub(super) fn still_draining(waiting: Vec<String>, note: Option<String>) -> Step {
    Step::End(Outcome::StillDraining {
        waiting,
        unwell: None,
        note,
    })
}

/// The new target serves alone. HAProxy's counters, its checks and the health show how it does.
pub(super) fn settle(undrained: &[String], seen: &Observation, limits: &Limits) -> Step {
    match seen.settled(limits) {
        Judgement::Steady(words) | Judgement::Unseen(words) => {
            after_settle(undrained.to_vec(), Some(words))
        }
        Judgement::Watching(words) => stay(
            SwitchPhase::Settle {
                undrained: undrained.to_vec(),
            },
            vec![words],
        ),
        Judgement::Sick(why) => to(SwitchPhase::TakeBack(WhyBack::Sick(why))),
    }
}
