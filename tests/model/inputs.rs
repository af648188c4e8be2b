//! What the core decides by: the limits, a look, and the facts of a preflight.

use super::memory::Shown;
use super::phases::{TURN, switching_of};
use super::shown;
use farm::{Clock, Left, Lock, LockSeen, Look, Settings, Twin, UnderWay};
use haproxy_gate::haproxy::{BalancerObservation, Floor};
use haproxy_gate::restart::switch::{Part, SwitchPhase};
use haproxy_gate::restart::{
    ActionResult, Facts, GroupLock, Limits, Observation, OnDrainTimeout, Phase, TakesLock, Version,
    WhenAway,
};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn limits(settings: &Settings, sticky: Duration, under_way: UnderWay) -> Limits {
    let hosts = 0..settings.hosts;
    let before = hosts.filter(|host| under_way.claimed_before & 1 << host != 0);
    Limits {
        sticky,
        out_of_rotation: HOUR,
        drain: HOUR,
        restart: HOUR,
        upgrade: HOUR,
        healthy: HOUR,
        in_rotation: HOUR,
        on_drain_timeout: OnDrainTimeout::Abort,
        healthy_times: 1,
        two_stage: settings.twin == Twin::Gate,
        all_found_open: true,
        stays_closed: false,
        min_available: Floor::Servers(settings.min_available),
        serving: served(under_way),
        claimed_before: before.map(shown::main).collect(),
        turn: HOUR,
        turns: vec![TURN, 2 * TURN],
        upgrades: false,
        rolls_back: false,
        settle: None,
        switch: switching_of(under_way.verb),
        lock: (under_way.lock != LockSeen::Unused).then_some(TakesLock {
            when_away: match settings.lock {
                Lock::Away => WhenAway::Claims,
                _ => WhenAway::Refuse,
            },
            alone: settings.slots == 1,
            is_out: under_way.lock == LockSeen::NotNeeded,
        }),
    }
}

/// What the agent sees and knows at a look.
pub(super) fn observation(
    look: &Look,
    phase: &Phase,
    balancers: Vec<BalancerObservation>,
) -> Observation {
    let mut serving = served(look.under_way);
    serving.extend(balancers.iter().flat_map(BalancerObservation::serving));
    let clock = match (phase, look.clock) {
        // An app that does not come back needs its operator.
        (Phase::Healthy { .. }, _) => Clock::Early,
        // So does an old target that does not, and a new one that was left busy.
        (Phase::Switch(SwitchPhase::TakeBack(_)), _) => Clock::Early,
        (Phase::Switch(SwitchPhase::Park { back: Some(_), .. }), _) => Clock::Early,
        (_, clock) => clock,
    };
    let (elapsed, in_phase) = match clock {
        Clock::Early => (Duration::ZERO, Duration::ZERO),
        Clock::Turn => (TURN, Duration::ZERO),
        Clock::Late => (TURN, HOUR),
        Clock::Spent => (2 * HOUR, HOUR),
    };
    Observation {
        elapsed,
        in_phase,
        action_result: ActionResult::Done,
        version: Version::Same,
        interrupted: look.under_way.interrupted.then_some(2),
        balancers,
        serving,
        unclaimed: backends(look.under_way.unclaimed),
        connections: None,
        oldest: None,
        health: phase
            .asks_app()
            .then(|| health(answers(look, phase.serves()))),
        failing: match look.clock {
            Clock::Early => 1,
            _ => u32::MAX,
        },
        ran_before: false,
        lock: lock(look.under_way.lock),
        other: Vec::new(),
        settle: None,
        settle_in_phase: None,
    }
}

/// Whether a target answers.
fn answers(look: &Look, part: Part) -> bool {
    match (part, look.two) {
        (Part::New, Some(two)) => two.new_answers,
        _ => look.app,
    }
}

fn health(app: bool) -> Result<(), String> {
    match app {
        true => Ok(()),
        false => Err("connection refused".to_owned()),
    }
}

fn lock(seen: LockSeen) -> GroupLock {
    match seen {
        LockSeen::Unused => GroupLock::Unused,
        LockSeen::NotNeeded => GroupLock::NotNeeded,
        LockSeen::Asked => GroupLock::Asked {
            lasts: Duration::ZERO,
        },
        LockSeen::Held => GroupLock::Held,
        LockSeen::Full => GroupLock::Full(vec!["another host".to_owned()]),
        LockSeen::Away => GroupLock::Away {
            why: "connection refused".to_owned(),
            lasts: HOUR,
        },
        LockSeen::Lost => GroupLock::Lost("its lease has ended".to_owned()),
    }
}

/// What the preflight of the command judges.
pub(super) fn facts(look: &Look, left: Option<Left>, shown: &[Arc<Shown>]) -> Facts {
    Facts {
        app: "web".to_owned(),
        is_page: false,
        trouble: Vec::new(),
        main_closed: !look.main_open && left.is_none(),
        restart: Ok(()),
        health: health(look.app),
        balancers: shown
            .iter()
            .map(|shown| shown.observation.clone())
            .collect(),
    }
}

/// What the preflight of a switch judges of one target.
pub(super) fn facts_of(look: &Look, part: Part, balancers: Vec<BalancerObservation>) -> Facts {
    Facts {
        app: "web".to_owned(),
        is_page: false,
        trouble: Vec::new(),
        main_closed: part == Part::New,
        restart: Ok(()),
        health: health(answers(look, part)),
        balancers,
    }
}

pub(super) fn served(under_way: UnderWay) -> Vec<String> {
    backends(under_way.serving)
}

/// The backend of each of these balancers.
pub(super) fn backends(balancers: u8) -> Vec<String> {
    let all = 0..farm::BALANCERS;
    let some = all.filter(|balancer| balancers & 1 << balancer != 0);
    some.map(shown::backend).collect()
}

/// The numbers of these, as bits.
pub(super) fn bits(named: &[String], name: impl Fn(usize) -> String) -> u8 {
    let numbers = (0..8).filter(|number| named.contains(&name(*number)));
    numbers.fold(0, |all, number| all | 1 << number)
}
