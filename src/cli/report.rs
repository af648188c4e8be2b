//! What one operation did, for machines (`--json`) and as the last line for people.

use super::{complain, say};
use crate::gate::{Gate, Position, Side};
use crate::record::{PhaseRecord, seconds};
use crate::restart::{BalancerSeen, LineSeen, Outcome, Verb};
use crate::survey::Survey;
use serde::Serialize;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One object on stdout.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    verb: Verb,
    app: String,
    outcome: &'static str,
    pub(super) exit: u8,
    message: String,
    /// Seconds since 1970.
    started_at: f64,
    seconds: f64,
    pub(super) phases: Vec<PhaseRecord>,
    gates: Vec<GateReport>,
    balancers: Vec<BalancerReport>,
    pub(super) notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<Vec<String>>,
    /// The wall clock may jump: what an operation took is never read off it.
    #[serde(skip)]
    began: Instant,
}

/// One gate, as the kernel has it.
#[derive(Debug, Serialize)]
pub(super) struct GateReport {
    pub(super) side: Side,
    pub(super) status_port: u16,
    pub(super) port: u16,
    pub(super) position: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// One balancer, as it showed itself.
#[derive(Debug, Serialize)]
pub(super) struct BalancerReport {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) lines: Vec<LineSeen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Report {
    /// A report of an operation that begins now.
    pub(super) fn new(verb: Verb, app: &str) -> Report {
        Report {
            verb,
            app: app.to_owned(),
            outcome: "",
            exit: 0,
            message: String::new(),
            started_at: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs_f64(),
            seconds: 0.0,
            phases: Vec::new(),
            gates: Vec::new(),
            balancers: Vec::new(),
            notices: Vec::new(),
            plan: None,
            began: Instant::now(),
        }
    }

    /// What the preflight saw.
    pub(super) fn survey(&mut self, survey: &Survey) {
        self.gates(survey.gates().zip(survey.positions()));
        self.balancers = BalancerReport::of_survey(survey);
    }

    /// How the gates stand.
    pub(super) fn gates<'a>(&mut self, gates: impl Iterator<Item = (&'a Gate, Position)>) {
        self.gates = gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect();
    }

    /// Every gate stands open.
    pub(super) fn all_open(&self) -> bool {
        self.gates.iter().all(|gate| gate.position == "open")
    }

    /// What the balancers showed last.
    pub(super) fn balancers(&mut self, seen: &[BalancerSeen]) {
        for (balancer, seen) in self.balancers.iter_mut().zip(seen) {
            match &seen.lines {
                Ok(lines) => (balancer.lines, balancer.error) = (lines.clone(), None),
                Err(why) => (balancer.lines, balancer.error) = (Vec::new(), Some(why.clone())),
            }
        }
    }

    /// The report of an operation that has ended.
    pub(super) fn end(mut self, outcome: &Outcome) -> Report {
        self.outcome = outcome.word(self.verb);
        self.exit = outcome.exit_code();
        self.message = outcome.message(self.verb, &self.app);
        self.seconds = seconds(self.began.elapsed());
        self
    }

    /// JSON, or the plan and the last line.
    pub(super) fn print(&self, json: bool) {
        if json {
            say(&format!("{}\n", serde_json::json!(self)));
        }
        self.tell(json);
    }

    /// The plan and the last line, for people; beside JSON only what went wrong.
    pub(super) fn tell(&self, json: bool) {
        let line = format!("{}: {}", self.app, self.message);
        match (self.exit, json) {
            (0, true) => {}
            (0, false) => say(&format!("{}{line}{}\n", self.planned(), self.in_seconds())),
            _ => complain(&line),
        }
    }

    fn planned(&self) -> String {
        let Some(plan) = &self.plan else {
            return String::new();
        };
        let notices = self
            .notices
            .iter()
            .map(|notice| format!("{}: note: {notice}\n", self.app));
        notices
            .chain(plan.iter().map(|line| format!("{line}\n")))
            .collect()
    }

    /// " in 3.1 s (close 0.6, drain 0.1, ...)"
    fn in_seconds(&self) -> String {
        if self.phases.is_empty() {
            return String::new();
        }
        let phases = self.phases.iter().filter(|phase| phase.seconds >= 0.005);
        let phases: Vec<String> = phases
            .map(|p| format!("{} {:.2}", p.phase, p.seconds))
            .collect();
        format!(", in {:.2} s ({})", self.seconds, phases.join(", "))
    }
}

impl GateReport {
    pub(super) fn new(gate: &Gate, position: Position) -> GateReport {
        let (position, why) = match position {
            Position::Open => ("open", None),
            Position::Closed => ("closed", None),
            Position::Broken(why) => ("broken", Some(why)),
        };
        GateReport {
            side: gate.side,
            status_port: gate.status_port,
            port: gate.port,
            position,
            why,
        }
    }
}

impl BalancerReport {
    pub(super) fn of_survey(survey: &Survey) -> Vec<BalancerReport> {
        let report = |balancer: &crate::survey::BalancerSurvey| {
            let (lines, error) = match &balancer.facts {
                Ok(facts) => (
                    facts.lines.iter().map(|(line, _)| line.clone()).collect(),
                    None,
                ),
                Err(why) => (Vec::new(), Some(why.clone())),
            };
            let version = balancer
                .worker
                .as_ref()
                .map(|worker| worker.version.clone());
            BalancerReport {
                name: balancer.name.clone(),
                version,
                lines,
                error,
            }
        };
        survey.balancers.iter().map(report).collect()
    }
}
