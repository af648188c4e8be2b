//! The rules of the restart as tables: phase and observation give a step.

mod back;
mod beside;
mod claim;
mod closed_lines;
mod floor;
mod group_lock;
mod in_flight;
mod out;
pub(crate) mod phases;
mod preflight;
mod recovery;
mod rising;
mod room;
mod stop;
mod switching;
mod together;
mod upgrade;

use super::*;
use crate::haproxy::{Answer, BalancerObservation, Floor, Mode, Role, ServerLine, Status};

pub(crate) fn limits() -> Limits {
    let seconds = Duration::from_secs;
    Limits {
        sticky: Duration::ZERO,
        out_of_rotation: seconds(30),
        drain: seconds(60),
        restart: seconds(60),
        upgrade: seconds(600),
        healthy: seconds(60),
        in_rotation: seconds(60),
        on_drain_timeout: OnDrainTimeout::Abort,
        healthy_times: 1,
        two_stage: true,
        all_found_open: true,
        stays_closed: false,
        min_available: Floor::Servers(0),
        serving: Vec::new(),
        turn: seconds(60),
        claimed_before: Vec::new(),
        turns: [1, 3, 7].map(seconds).to_vec(),
        upgrades: false,
        rolls_back: false,
        settle: None,
        lock: None,
        switch: switch::Switching::default(),
    }
}

pub(super) fn line(role: Role, status: &str, in_flight: u64) -> ServerLine {
    ServerLine {
        in_flight,
        sessions: 7,
        connections: Some(in_flight),
        ..ServerLine::idle(&format!("srvs/{role:?}"), role, status)
    }
}

/// With what else a look in this phase shows.
pub(super) fn answer(look: &mut Observation) -> &mut Answer {
    look.balancers[0].answer_mut()
}

pub(super) fn observation(lines: &[(Role, &str, u64)]) -> Observation {
    let lines = lines
        .iter()
        .map(|(role, status, in_flight)| line(*role, status, *in_flight));
    Observation {
        elapsed: Duration::ZERO,
        in_phase: Duration::ZERO,
        action_result: ActionResult::Done,
        version: Version::Same,
        interrupted: None,
        balancers: vec![BalancerObservation::of_lines(lines.collect())],
        serving: Vec::new(),
        unclaimed: Vec::new(),
        lock: GroupLock::Unused,
        connections: None,
        oldest: None,
        health: None,
        failing: 0,
        other: Vec::new(),
        ran_before: false,
        settle: None,
        settle_in_phase: None,
    }
}

pub(super) fn blind() -> Observation {
    let silent = BalancerObservation::silent("no complete answer within 2s");
    Observation {
        balancers: vec![silent],
        ..observation(&[])
    }
}

pub(super) fn late(observation: Observation) -> Observation {
    Observation {
        in_phase: Duration::from_secs(3600),
        ..observation
    }
}

pub(super) fn step(phase: Phase, observation: &Observation) -> Step {
    decide(Verb::Restart, &phase, observation, &limits())
}

pub(super) fn goes(step: Step) -> Phase {
    match step {
        Step::Go { to, .. } => to,
        other => panic!("{other:?}"),
    }
}

pub(super) fn ends(step: Step) -> Outcome {
    match step {
        Step::End(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

pub(super) fn waits(step: Step) -> Vec<String> {
    match step {
        Step::Stay { waiting, .. } => waiting,
        other => panic!("{other:?}"),
    }
}
