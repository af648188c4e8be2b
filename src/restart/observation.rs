//! What was seen at one moment: the facts that a decision rests on.

use crate::haproxy::{Role, Status};
use serde::Serialize;
use std::time::Duration;

/// One look at the world, in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Time since the phase began.
    pub in_phase: Duration,
    /// How the phase's action ended.
    pub acted: Acted,
    /// SIGINT or SIGTERM has come, by its number.
    pub interrupted: Option<i32>,
    /// Every configured balancer; empty where the phase does not ask them.
    pub balancers: Vec<BalancerSeen>,
    /// The app's answer, where the phase asks for it. Err: why it is not healthy.
    pub health: Option<Result<(), String>>,
}

/// How a phase's action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// It did what it should, or there was none.
    Done,
    /// It failed, in words.
    Failed(String),
}

/// What one balancer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerSeen {
    /// Its name.
    pub name: String,
    /// Our lines; Err: why they could not be seen.
    pub lines: Result<Vec<LineSeen>, String>,
    /// Another worker answers than when the operation began: requests that the one before
    /// still carries are out of sight.
    pub reloaded: bool,
}

/// One server line of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineSeen {
    /// BACKEND/SERVER.
    pub name: String,
    /// Main or twin.
    pub role: Role,
    /// HAProxy's word.
    pub status: Status,
    /// UP beyond doubt: full check health, slow start over.
    pub proven: bool,
    /// scur + qcur.
    pub in_flight: u64,
    /// stot: all sessions since HAProxy started.
    pub sessions: u64,
}

impl Seen {
    /// The balancers that could not be seen, one entry each.
    pub fn unseen(&self) -> Vec<String> {
        let failed = |balancer: &BalancerSeen| {
            let why = balancer.lines.as_ref().err()?;
            Some(format!("{} can't be seen: {why}", balancer.name))
        };
        self.balancers.iter().filter_map(failed).collect()
    }

    /// The balancers that were reloaded in the middle of the operation, one entry each.
    pub fn reloaded(&self) -> Vec<String> {
        let reloaded = self.balancers.iter().filter(|balancer| balancer.reloaded);
        let told = |balancer: &BalancerSeen| {
            format!(
                "{} was reloaded: what its old worker still carries can't be seen",
                balancer.name
            )
        };
        reloaded.map(told).collect()
    }

    /// The lines of `role` that are not out, one entry each.
    pub fn not_out(&self, role: Role) -> Vec<String> {
        let not_out = |line: &LineSeen| line.role == role && !line.status.is_out();
        self.lines_where(not_out, |line| format!("{} is {}", line.name, line.status))
    }

    /// The lines that are not back, one entry each.
    pub fn not_back(&self) -> Vec<String> {
        let is_back = |line: &LineSeen| line.proven || line.status.is_held();
        self.lines_where(
            |line| !is_back(line),
            |line| match line.status {
                Status::Up => format!("{} is UP, not yet fully proven", line.name),
                _ => format!("{} is {}", line.name, line.status),
            },
        )
    }

    /// The lines that an operator holds out of rotation: their UP is not waited for.
    pub fn held(&self) -> Vec<String> {
        self.lines_where(
            |line| line.status.is_held(),
            |line| format!("{} is {}", line.name, line.status),
        )
    }

    /// What is in flight on lines that must drain (all but the classic twin).
    pub fn in_flight(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role != Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// What the classic twins carry; they can't be shed, so it is told, not waited for.
    pub fn on_classic_twins(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role == Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// Sessions that the twins have had, and how many are in flight. None where a balancer
    /// could not be seen, or there is no twin.
    pub fn twins(&self) -> Option<(u64, u64)> {
        let mut sum = None;
        for balancer in &self.balancers {
            for line in balancer
                .lines
                .as_ref()
                .ok()?
                .iter()
                .filter(|line| line.role != Role::Main)
            {
                let (sessions, in_flight) = sum.unwrap_or((0, 0));
                sum = Some((sessions + line.sessions, in_flight + line.in_flight));
            }
        }
        sum
    }

    fn lines_where(
        &self,
        is_wanted: impl Fn(&LineSeen) -> bool,
        say: impl Fn(&LineSeen) -> String,
    ) -> Vec<String> {
        let mut said = Vec::new();
        for BalancerSeen { name, lines, .. } in &self.balancers {
            let wanted = lines.iter().flatten().filter(|line| is_wanted(line));
            said.extend(wanted.map(|line| format!("{name} {}", say(line))));
        }
        said
    }
}

fn carries(line: &LineSeen) -> String {
    let plural = if line.in_flight == 1 { "" } else { "s" };
    format!(
        "{} has {} request{plural} in flight",
        line.name, line.in_flight
    )
}
