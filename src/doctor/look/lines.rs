//! Gathers how the last checks of an app's lines ended.

use crate::doctor::reached::Through;
use crate::doctor::{balancer, evidence, gates};
use crate::gate::{Gate, Position};
use crate::haproxy::{Examination, Own, Role, Status};

/// A line of ours.
pub(super) struct Line {
    role: Role,
    seen: Through,
}

pub(super) fn of(balancers: &[balancer::Balancer]) -> Vec<Line> {
    let seen = balancers.iter().flat_map(|balancer| &balancer.seen);
    let lines = seen.flat_map(|seen| seen.own().iter().map(|own| line(seen, own)));
    lines.collect()
}

fn line(seen: &Examination, own: &Own) -> Line {
    let listed = seen.listed(own);
    let down = listed.filter(|listed| matches!(listed.stat.status, Status::Down(_)));
    let down = down.and_then(|listed| Some(listed.check.as_ref()?.status.to_string()));
    Line {
        role: own.role,
        seen: Through {
            line: format!("{}/{}", own.backend, own.server),
            is_v4: own.address.is_some_and(|address| address.is_ipv4()),
            is_loopback: own
                .address
                .is_some_and(|address| address.ip().is_loopback()),
            is_up: listed.is_some_and(|listed| listed.stat.status.word() == "UP"),
            down,
        },
    }
}

/// The names of our lines: `srvs/web1`.
pub(super) fn names(balancers: &[balancer::Balancer]) -> Vec<String> {
    of(balancers)
        .into_iter()
        .map(|line| line.seen.line)
        .collect()
}

pub(super) fn have_a_classic_twin(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.role == Role::ClassicTwin)
}

/// The lines whose gates are open.
pub(super) fn through(gates: &gates::Gates, lines: &[Line]) -> Vec<Through> {
    let is_open = |role: Role| {
        let mut open = gates
            .gates
            .iter()
            .filter(|seen| seen.position == Position::Open);
        open.any(|seen| seen.gate.role == role)
    };
    let through = lines.iter().filter(|line| is_open(line.role));
    through.map(|line| line.seen.clone()).collect()
}

/// How the checks end at this gate, if it is closed.
pub(super) fn checked(
    gate: &Gate,
    gates: Option<&gates::Gates>,
    lines: &[Line],
) -> evidence::Checked {
    let mut seen = gates.into_iter().flat_map(|gates| gates.gates.iter());
    let is_closed = seen.any(|seen| seen.gate == *gate && seen.position == Position::Closed);
    let words = lines.iter().filter(|line| line.role == gate.role);
    evidence::Checked {
        gate: gate.clone(),
        now: is_closed.then(|| words.filter_map(|line| line.seen.down.clone()).collect()),
    }
}
