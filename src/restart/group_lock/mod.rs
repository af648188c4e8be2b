//! The group's lock, which `[lock]` names: what a look shows of it, and what that means. An operation
//! takes it before it takes the host out. Until it touches the app it ends if the lock is lost. After
//! that it finishes. A lock is no proof that no other host is out, so `min_available` is checked as ever.

mod message;
mod model;

pub(super) use message::{lock_away, lock_full};
pub use model::{GroupLock, TakesLock, WhenAway};

use super::room::{has_failed, is_serving};
use super::step::{Step, again, go};
use super::switch::SwitchPhase;
use super::{Limits, Observation, Outcome, Phase, Refusal, Start, Verb, Version, Why};
use std::time::Duration;

/// How long an operation waits for a lock server that does not answer: longer than etcd takes to
/// elect a leader.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operator reads of a host that needs no lock.
pub const WITHOUT: &str = "no user comes to this host, so it takes no group's lock: other hosts count it as \
    gone already";

/// How long an operation of this turn waits for it.
pub fn patience(turn: Duration) -> Duration {
    PATIENCE.min(turn)
}

/// Whether an operation takes the lock. What goes down with its machine or its unit does not, nor does a
/// way back.
pub fn takes_lock(verb: Verb, start: &Start) -> bool {
    match verb {
        Verb::Restart | Verb::Close => start.goes_out(),
        // At rest the gates of its old target are open.
        Verb::Switch => start.is_first_of_a_start(),
        _ => false,
    }
}

/// Whether an operation without the lock may find one that an earlier operation has left: that was cut
/// short, or its server was away at its end and the lock does not end by itself.
pub fn finds_lock_left(verb: Verb, is_cut_short: bool, ends_by_itself: bool) -> bool {
    match verb {
        Verb::Stop => false,
        Verb::Recover => is_cut_short || !ends_by_itself,
        _ => is_cut_short,
    }
}

/// Waits for the lock, within the host's turn.
pub(super) fn lock(verb: Verb, observation: &Observation, limits: &Limits) -> Step {
    let over = observation.elapsed >= limits.turn;
    let waits = |waiting: Vec<String>| again(Phase::Lock, waiting);
    match &observation.lock {
        GroupLock::Held => go(next(verb, observation, limits)),
        _ if verb != Verb::Switch && observation.has_failed() => out_of_rotation(limits),
        // Also at the end of a short turn the server's first answer decides.
        GroupLock::Asked { lasts } if *lasts < PATIENCE => {
            waits(vec!["the lock server's answer".to_owned()])
        }
        GroupLock::Unused | GroupLock::NotNeeded if observation.in_phase < PATIENCE => {
            waits(vec!["the lock server's answer".to_owned()])
        }
        GroupLock::Full(by) if !over => waits(by.iter().map(|one| taken(one)).collect()),
        GroupLock::Full(by) => Step::End(Outcome::LockFull(by.clone())),
        GroupLock::Away { why, lasts } if *lasts < PATIENCE && !over => waits(vec![away(why)]),
        GroupLock::Refused { why, lasts } if *lasts < PATIENCE && !over => {
            waits(vec![refuses(why)])
        }
        GroupLock::Refused { why, .. } => Step::End(Outcome::Refused(refused(why))),
        GroupLock::Away { why, .. } => unanswered(why, verb, observation, limits),
        // The next look asks anew.
        GroupLock::Lost(why) => waits(vec![format!("the group's lock was lost: {why}")]),
        GroupLock::Unused | GroupLock::NotNeeded | GroupLock::Asked { .. } => {
            let why = format!("no answer within {PATIENCE:?}");
            unanswered(&why, verb, observation, limits)
        }
    }
}

/// The app has failed while the host waited. The holder may wait for this host, so this host does not wait
/// for the holder.
fn out_of_rotation(limits: &Limits) -> Step {
    Step::Go {
        to: limits.first(),
        note: Some(WITHOUT.to_owned()),
    }
}

/// The server is away, or its first answer is late.
fn unanswered(why: &str, verb: Verb, observation: &Observation, limits: &Limits) -> Step {
    let lock = limits.lock;
    match lock.is_some_and(|lock| lock.when_away == WhenAway::Claims) {
        false => Step::End(Outcome::LockAway(why.to_owned())),
        true => Step::Go {
            to: next(verb, observation, limits),
            note: Some(format!(
                "{}: the agent goes on without the lock, as when_away = \"claims\" asks: hosts that \
                 begin at once only count each other",
                away(why)
            )),
        },
    }
}

fn taken(by: &str) -> String {
    format!("the group's lock: {by} has it")
}

fn away(why: &str) -> String {
    format!("the lock server is away: {why}")
}

fn refuses(why: &str) -> String {
    format!("the lock server refuses this host: {why}")
}

/// Whatever `when_away` is: a wrong group or a missing right does not end by itself.
fn refused(why: &str) -> Refusal {
    let compare =
        "compare `group`, the address, `cert` and `key` in [lock] with what the server expects";
    Refusal::Preflight(vec![format!("{}; {compare}", refuses(why)).into()])
}

/// The host has waited for the lock, so what it saw before may be old.
fn next(verb: Verb, observation: &Observation, limits: &Limits) -> Phase {
    if verb == Verb::Switch {
        let switch = limits.switch;
        return Phase::Switch(SwitchPhase::first(switch.how, switch.prepares));
    }
    let few = limits.checks_capacity()
        && !(observation.unseen().is_empty() && observation.too_few_stay(limits).is_empty());
    match few {
        true => Phase::BackOff {
            until: observation.elapsed,
        },
        false => observation.way_out(limits),
    }
}

impl Observation {
    /// The app of this host has failed, and no user comes to it.
    fn has_failed(&self) -> bool {
        let health = self.health.as_ref();
        health.is_some_and(|health| has_failed(health, &self.balancers))
    }

    /// The operation has gone out by the lock, and has not announced itself by its twin. A lock that is
    /// lost meanwhile does not change that.
    pub(super) fn needs_no_claim(&self, limits: &Limits) -> bool {
        let had_it = matches!(self.lock, GroupLock::Held | GroupLock::Lost(_));
        had_it && limits.lock.is_some_and(|lock| lock.alone)
    }

    /// The first phase of the way out. While the host has the one slot, no other host of the group goes
    /// at the same moment: it needs no claim, and both gates close at once.
    pub(super) fn way_out(&self, limits: &Limits) -> Phase {
        match self.lock == GroupLock::Held && self.needs_no_claim(limits) {
            true => Phase::Close,
            false => limits.first(),
        }
    }

    /// The step of a host that goes without the lock because it was out, and serves again: its line was
    /// flapping. It takes the lock like any other, or two hosts might go at the same moment. A version that
    /// is taken back goes by its claim.
    pub(super) fn needs_lock_again(&self, phase: &Phase) -> Option<Step> {
        let is_on_the_way = matches!(phase, Phase::Claim | Phase::Close | Phase::BackOff { .. });
        let is_touched = matches!(self.version, Version::Sick(_));
        let serves = self.lock == GroupLock::NotNeeded && is_serving(&self.balancers);
        (is_on_the_way && !is_touched && serves).then(|| go(Phase::Lock))
    }

    /// The step if the group's lock was lost before the app is touched: the host goes back.
    pub(super) fn loses_lock(&self, verb: Verb, phase: &Phase) -> Option<Step> {
        let GroupLock::Lost(why) = &self.lock else {
            return None;
        };
        let is_before = phase.closes() || matches!(phase, Phase::BackOff { .. });
        let is_touched = matches!(self.version, Version::Sick(_));
        (is_before && !is_touched && verb != Verb::Stop)
            .then(|| go(Phase::PutBack(Why::LockLost(why.clone()))))
    }

    /// What the operator reads if the lock was lost after the app was touched, or in a switch.
    pub fn goes_on_without_lock(&self, phase: &Phase) -> Option<String> {
        let GroupLock::Lost(why) = &self.lock else {
            return None;
        };
        let is_before = phase.is_before_restart() && !matches!(self.version, Version::Sick(_));
        let is_waiting = *phase == Phase::Lock;
        let then = match phase {
            Phase::Switch(_) => "; the switch goes on, because it takes no server away",
            _ => {
                ", and min_available still holds it back; the agent finishes, because it has begun to \
                 change the app"
            }
        };
        (!is_before && !is_waiting).then(|| {
            format!(
                "the group's lock was lost: {why}; another host of the group may begin now{then}"
            )
        })
    }
}
