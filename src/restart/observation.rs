//! What one look shows: the facts that a decision rests on.

use super::held;
use super::settle::Figures;
use super::{Connections, GroupLock, Version};
use crate::haproxy::{BalancerObservation, Mode, Role, ServerLine, Status};
use std::time::Duration;

/// One look at the world, in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Time since the operation began.
    pub elapsed: Duration,
    /// Time in this phase, since the first success of its action.
    pub in_phase: Duration,
    /// How the phase's action ended.
    pub action_result: ActionResult,
    /// Which version of the app is to come up.
    pub version: Version,
    /// SIGHUP, SIGINT or SIGTERM has come, by its number.
    pub interrupted: Option<i32>,
    /// Every configured balancer; empty where the phase does not ask them.
    pub balancers: Vec<BalancerObservation>,
    /// The backends (BALANCER backend NAME) that this host serves, by any look of this operation
    /// since the preflight. They lose a server when the host goes.
    pub serving: Vec<String>,
    /// The backends (BALANCER backend NAME) in which no other host has seen this host's claim, as the claim
    /// ended. An operator may give the twin free after that.
    pub unclaimed: Vec<String>,
    /// The group's lock.
    pub lock: GroupLock,
    /// The connections to the app while the host goes out, if a balancer has no master socket.
    /// Err: why they can't be seen.
    pub connections: Option<Result<Connections, String>>,
    /// How long the oldest request in the host's TCP table has waited. It is for display only.
    pub oldest: Option<Duration>,
    /// The app's answer, where the phase asks for it. Err: why it is not healthy.
    pub health: Option<Result<(), String>>,
    /// How many of its answers in a row have failed, this one included.
    pub failing: u32,
    /// Of a switch: what the balancers show of the other target.
    pub other: Vec<BalancerObservation>,
    /// Of a switch: the new target may be what ran there before.
    pub ran_before: bool,
    /// What HAProxy has counted since the new version has new users.
    pub settle: Option<Figures>,
    /// The same since this phase began.
    pub settle_in_phase: Option<Figures>,
}

/// How a phase's action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionResult {
    /// It succeeded, or there was no action.
    Done,
    /// It failed: why.
    Failed(String),
}

impl Observation {
    /// The balancers that can't be seen, one entry each.
    pub fn unseen(&self) -> Vec<String> {
        unseen(&self.balancers)
    }

    /// The balancers whose worker changed since the last look, one entry each.
    pub fn reloaded(&self) -> Vec<String> {
        self.balancers
            .iter()
            .filter_map(BalancerObservation::reload_notice)
            .collect()
    }

    /// The lines of `role` that are not out, one entry each.
    pub fn not_out(&self, role: Role) -> Vec<String> {
        let not_out = |line: &ServerLine| line.role == role && !line.out;
        self.lines_where(not_out, |line| match (&line.check, line.status.is_out()) {
            (Some(check), true) if check.may_pass_yet() => {
                format!("{} is {}, and a check is under way", line.name, line.status)
            }
            // Something else holds it down, and may end at any moment.
            (Some(check), true) => format!(
                "{} is {}, but not by the closed gate: its check shows {check}",
                line.name, line.status
            ),
            _ => format!("{} is {}", line.name, line.status),
        })
    }

    /// The lines that are not back, one entry each.
    pub fn not_back(&self) -> Vec<String> {
        not_back(&self.balancers, &self.other)
    }

    /// The lines that are not back, and the balancers that can't confirm it, one entry each.
    pub fn not_confirmed_back(&self) -> Vec<String> {
        [self.unseen(), self.not_back()].concat()
    }

    /// The same for the other target of a switch.
    pub fn other_not_confirmed_back(&self) -> Vec<String> {
        [unseen(&self.other), not_back(&self.other, &self.balancers)].concat()
    }

    /// The lines that an operator holds out of rotation. The operation does not wait for their
    /// UP, except a switch that would leave HAProxy no other line of this host.
    pub fn held(&self) -> Vec<String> {
        self.lines_where(ServerLine::is_held, |line| {
            format!("{} is {}", line.name, line.status)
        })
    }

    /// Sessions that the twins have had, and how many are in flight. None: a balancer can't be
    /// seen, or there is no twin.
    pub fn twins(&self) -> Option<(u64, u64)> {
        let mut sum = None;
        for balancer in &self.balancers {
            let lines = &balancer.answer.as_ref().ok()?.lines;
            for line in lines.iter().filter(|line| line.role != Role::Main) {
                let (sessions, in_flight): (u64, u64) = sum.unwrap_or((0, 0));
                sum = Some((
                    sessions.saturating_add(line.sessions),
                    in_flight.saturating_add(line.in_flight),
                ));
            }
        }
        sum
    }

    /// What the twins carry.
    pub(super) fn mode_of_twins(&self) -> Mode {
        let lines = self.balancers.iter().flat_map(BalancerObservation::lines);
        let mut twins = lines.filter(|line| line.role != Role::Main);
        twins.next().map_or_else(Mode::default, |twin| twin.mode)
    }

    pub(super) fn lines_where(
        &self,
        is_wanted: impl Fn(&ServerLine) -> bool,
        say: impl Fn(&ServerLine) -> String,
    ) -> Vec<String> {
        lines_where(&self.balancers, is_wanted, say)
    }
}

pub(super) fn unseen(balancers: &[BalancerObservation]) -> Vec<String> {
    balancers
        .iter()
        .filter_map(BalancerObservation::unseen)
        .collect()
}

/// `other`: the other target of a switch.
pub(super) fn not_back(
    balancers: &[BalancerObservation],
    other: &[BalancerObservation],
) -> Vec<String> {
    let say = |line: &ServerLine| match (held::in_words(line), &line.status) {
        (Some(held), _) => held,
        (None, Status::Up) => format!("{} is UP, not yet fully proven", line.name),
        (None, status) => format!("{} is {status}", line.name),
    };
    let of_one = |balancer: &BalancerObservation| {
        let may_stay = |line: &ServerLine| {
            line.is_held() && !held::leaves_no_line(&balancer.name, line, other)
        };
        let is_waited_for = |line: &ServerLine| !line.proven && !may_stay(line);
        let waited = balancer.lines().iter().filter(|line| is_waited_for(line));
        let waited = waited.map(|line| format!("{} {}", balancer.name, say(line)));
        waited.collect::<Vec<String>>()
    };
    balancers.iter().flat_map(of_one).collect()
}

fn lines_where(
    balancers: &[BalancerObservation],
    is_wanted: impl Fn(&ServerLine) -> bool,
    say: impl Fn(&ServerLine) -> String,
) -> Vec<String> {
    let mut said = Vec::new();
    for balancer in balancers {
        let wanted = balancer.lines().iter().filter(|line| is_wanted(line));
        said.extend(wanted.map(|line| format!("{} {}", balancer.name, say(line))));
    }
    said
}
