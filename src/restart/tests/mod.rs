//! The rules of the restart as tables: phase and observation give a step.

mod back;
mod beside;
mod claim;
mod closed_lines;
mod floor;
mod in_flight;
mod out;
pub(crate) mod phases;
mod preflight;
mod recovery;
mod rising;
mod room;
mod stop;
mod together;
mod upgrade;

use super::*;
use crate::haproxy::{Role, Status};

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
        found_open: true,
        stays_closed: false,
        min_available: 0,
        serving: Vec::new(),
        turn: seconds(60),
        claimed_before: Vec::new(),
        turns: [1, 3, 7].map(seconds).to_vec(),
        upgrades: false,
        rolls_back: false,
    }
}

pub(super) fn line(role: Role, status: &str, in_flight: u64) -> LineSeen {
    let status = Status::parse(status).unwrap();
    let (name, proven) = (format!("srvs/{role:?}"), status == Status::Up);
    LineSeen {
        name,
        role,
        out: status.is_out(),
        check: None,
        status,
        proven,
        in_flight,
        sessions: 7,
        connections: Some(in_flight),
    }
}

pub(super) fn balancer(lines: Result<Vec<LineSeen>, String>) -> BalancerSeen {
    BalancerSeen {
        name: "lb".into(),
        lines,
        reloaded: false,
        uptime: Some(Duration::from_secs(100)),
        backends: Vec::new(),
        leaving: None,
    }
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
        balancers: vec![balancer(Ok(lines.collect()))],
        serving: Vec::new(),
        connections: None,
        oldest: None,
        health: None,
    }
}

pub(super) fn blind() -> Observation {
    let lines = Err("no complete answer within 2s".to_owned());
    Observation {
        balancers: vec![balancer(lines)],
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
