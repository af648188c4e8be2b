//! How HAProxy detected a gate that closed or opened: how its check ended, and after how many
//! seconds it showed the line DOWN or UP. `agent doctor` quotes it.

use crate::haproxy::{BalancerObservation, CheckStatus, Role, ServerLine};
use crate::restart::{Action, ActionResult, Limits, Observation, Outcome, PerGate, Phase, Verb};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The result for one line on one balancer in one operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detection {
    /// The balancer's name.
    pub balancer: String,
    /// BACKEND/SERVER.
    pub line: String,
    /// Its check uses the backup status port.
    pub twin: bool,
    /// How the check failed at the closed gate, in HAProxy's word: `L4CON`, `L4TOUT`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// HAProxy's status for the line at the last look, if it was never out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still: Option<String>,
    /// Seconds from the closed gate to DOWN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_seconds: Option<f64>,
    /// Seconds from the open gate to fully UP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_seconds: Option<f64>,
}

impl Detection {
    /// It shows how the check failed at a closed gate.
    pub fn is_of_a_close(&self) -> bool {
        self.check.is_some() || self.still.is_some()
    }
}

/// What is known so far.
#[derive(Debug, Default)]
pub struct Detecting {
    plan: Option<(Verb, Limits)>,
    action: Option<Action>,
    /// The time since which each gate is closed.
    closed: BTreeMap<Role, Duration>,
    opened: Option<Duration>,
    lines: BTreeMap<(String, String), Line>,
    /// Existing rules that may have caught the checks.
    pub possible: Vec<String>,
    /// A fingerprint of the foreign rules at that time.
    pub around: String,
}

/// One line.
#[derive(Debug, Default)]
struct Line {
    found: Detection,
    /// A look since the gate moved has shown the old state. So what follows is an effect of the
    /// gate.
    before: bool,
}

impl Detecting {
    /// Plans the operation that is watched.
    pub fn plan(&mut self, verb: Verb, limits: &Limits) {
        self.plan = Some((verb, limits.clone()));
    }

    /// Before it begins: the lines behind gates that are already `closed`. What the last check met
    /// counts here also while the next one is under way: there is only this look.
    pub fn finds(&mut self, closed: PerGate<bool>, balancers: &[BalancerObservation]) {
        for (balancer, line) in gated(balancers) {
            let is_closed = match is_twin(line) {
                true => closed.twin == Some(true),
                false => closed.main,
            };
            let met = line.check.as_ref();
            if is_closed && met.is_some_and(CheckStatus::met_a_closed_gate) {
                self.line(balancer, line).found.check = check(line);
            }
        }
    }

    /// A phase begins.
    pub fn enters(&mut self, phase: &Phase) {
        let plan = self.plan.as_ref();
        self.action = plan.and_then(|(verb, limits)| phase.action(*verb, limits));
    }

    /// One look of the operation.
    pub fn sees(&mut self, at: Duration, observation: &Observation) {
        let Some(action) = self
            .action
            .filter(|_| observation.action_result == ActionResult::Done)
        else {
            return;
        };
        let moved = at.saturating_sub(observation.in_phase);
        // A host that has waited for its turn tries again.
        if !action.closes().is_empty() && self.opened.take().is_some() {
            self.closed.clear();
            self.lines.values_mut().for_each(|line| line.before = false);
        }
        for role in action.closes() {
            self.closed.entry(*role).or_insert(moved);
        }
        if action.opens() && self.opened.is_none() {
            self.opened = Some(moved);
            self.lines.values_mut().for_each(|line| line.before = false);
        }
        for (balancer, line) in gated(&observation.balancers) {
            let (closed, opened) = (self.closed.get(&line.role).copied(), self.opened);
            let known = self.line(balancer, line);
            match (opened, closed) {
                _ if line.is_held() => {}
                (Some(opened), _) => known.rises(line, seconds(at, opened)),
                (None, Some(closed)) => known.falls(line, seconds(at, closed)),
                (None, None) => {}
            }
        }
    }

    fn line(&mut self, balancer: &str, line: &ServerLine) -> &mut Line {
        let key = (balancer.to_owned(), line.name.clone());
        let found = Detection {
            balancer: key.0.clone(),
            line: key.1.clone(),
            twin: is_twin(line),
            ..Detection::default()
        };
        self.lines.entry(key).or_insert(Line {
            found,
            before: false,
        })
    }

    /// The results of all lines that have one, in an operation with this outcome.
    pub fn found(&self, outcome: &Outcome) -> Vec<Detection> {
        let waited = self.has_waited(outcome);
        let found = self.lines.values().map(|line| Detection {
            still: line.found.still.clone().filter(|_| waited),
            ..line.found.clone()
        });
        let has_some = |one: &Detection| one.is_of_a_close() || one.up_seconds.is_some();
        found.filter(has_some).collect()
    }

    /// Rules that might have caught the checks. None where the operation did not wait for a line:
    /// what that line's checks would have met is unknown.
    pub fn possible(&self, outcome: &Outcome) -> &[String] {
        let is_still = self.lines.values().any(|line| line.found.still.is_some());
        match is_still && !self.has_waited(outcome) {
            true => &[],
            false => &self.possible,
        }
    }

    /// A line that is still UP says something only where the operation has waited for it. One that
    /// gave up or gave way before HAProxy could notice has not.
    fn has_waited(&self, outcome: &Outcome) -> bool {
        let ends_up = matches!(
            outcome,
            Outcome::NotOut { .. } | Outcome::UpWhileClosed { .. }
        );
        let limits = self.plan.as_ref().map(|(_, limits)| limits);
        ends_up && limits.is_none_or(|limits| !limits.out_of_rotation.is_zero())
    }
}

impl Line {
    fn falls(&mut self, line: &ServerLine, seconds: f64) {
        if !line.out {
            (self.before, self.found.still) = (true, Some(line.status.to_string()));
            return;
        }
        (self.found.still, self.found.check) = (None, check(line));
        if self.before && self.found.down_seconds.is_none() {
            self.found.down_seconds = Some(seconds);
        }
    }

    fn rises(&mut self, line: &ServerLine, seconds: f64) {
        match line.proven {
            false => self.before = true,
            true if self.before && self.found.up_seconds.is_none() => {
                self.found.up_seconds = Some(seconds);
            }
            true => {}
        }
    }
}

fn is_twin(line: &ServerLine) -> bool {
    line.role != Role::Main
}

fn check(line: &ServerLine) -> Option<String> {
    line.check.as_ref().map(ToString::to_string)
}

/// The lines with a check that passes a gate.
fn gated(balancers: &[BalancerObservation]) -> impl Iterator<Item = (&str, &ServerLine)> {
    balancers.iter().flat_map(|balancer| {
        let lines = balancer.lines().iter();
        let gated = lines.filter(|line| line.role != Role::ClassicTwin);
        gated.map(|line| (balancer.name.as_str(), line))
    })
}

/// Seconds to the hundredth: no poll is finer.
fn seconds(at: Duration, since: Duration) -> f64 {
    (at.saturating_sub(since).as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
