//! What one operation did, for machines (`--json`).

use super::balancer::BalancerReport;
use super::gate::GateReport;
use super::shares::{Before, Shares};
use super::watched::Watching;
use crate::clock::since_1970;
use crate::gate::{Gate, Position};
use crate::haproxy::BalancerObservation;
use crate::host::Snapshot;
use crate::restart::{Outcome, Verb};
use crate::restart::{PhaseTime, seconds};
use crate::state::caller::Origin;
use crate::state::journal::CutShort;
use serde::Serialize;
use std::time::{Duration, Instant};

/// One object on stdout.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its id in the history; a dry run has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The verb that the caller asked for.
    pub verb: Verb,
    /// For which app.
    pub app: String,
    /// How it ended, in one word.
    pub outcome: &'static str,
    /// The exit code that says so.
    pub exit: u8,
    /// How it ended, in one line.
    pub message: String,
    /// Seconds since 1970.
    pub started_at: f64,
    /// How long it took.
    pub seconds: f64,
    /// How long each phase took.
    pub phases: Vec<PhaseTime>,
    /// The shares of its time; None: nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    gates: Vec<GateReport>,
    balancers: Vec<BalancerReport>,
    /// Notices for the operator.
    pub notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The plan of a dry run.
    pub plan: Option<Vec<String>>,
    /// A gate was open before it began.
    #[serde(skip)]
    pub found_open: bool,
    /// The monotonic begin. The wall clock may jump, so durations never depend on it.
    #[serde(skip)]
    began: Instant,
    /// The waits before the first phase.
    #[serde(skip)]
    pub before: Before,
    /// For the history: the caller.
    #[serde(skip)]
    pub origin: Origin,
    /// For the history: what the balancers have shown so far.
    #[serde(skip)]
    pub watching: Watching,
    /// For the history: the earlier operation, which was killed.
    #[serde(skip)]
    pub cut_short: Option<CutShort>,
}

impl Report {
    /// A report of an operation that begins now.
    pub fn new(verb: Verb, app: &str) -> Report {
        Report {
            id: None,
            verb,
            app: app.to_owned(),
            outcome: "",
            exit: 0,
            message: String::new(),
            started_at: since_1970().as_secs_f64(),
            seconds: 0.0,
            phases: Vec::new(),
            shares: None,
            gates: Vec::new(),
            balancers: Vec::new(),
            notices: Vec::new(),
            plan: None,
            found_open: false,
            began: Instant::now(),
            before: Before::default(),
            origin: Origin::default(),
            watching: Watching::default(),
            cut_short: None,
        }
    }

    /// The same, with its caller for the history.
    pub fn with_origin(self, origin: Origin) -> Report {
        Report {
            id: Some(origin.id.clone()),
            origin,
            ..self
        }
    }

    /// How long it took so far, in seconds.
    pub fn so_far(&self) -> f64 {
        seconds(self.began.elapsed())
    }

    /// Adds what the preflight saw.
    pub fn snapshot(&mut self, at: Duration, snapshot: &Snapshot) {
        self.finds(snapshot.gates().into_iter().zip(snapshot.positions()));
        let balancers = &snapshot.balancers;
        self.balancers = balancers.iter().map(BalancerReport::from).collect();
        self.watching.look(at, balancers);
        let closed = snapshot
            .positions()
            .map(|position| position == Position::Closed);
        self.watching.detecting.possible = snapshot.possible_rules();
        self.watching.detecting.around = snapshot.rules_around();
        self.watching.detecting.finds(closed, balancers);
    }

    /// Adds the positions of the gates before it begins.
    pub fn finds<'a>(&mut self, gates: impl Iterator<Item = (&'a Gate, Position)>) {
        self.gates(gates);
        self.found_open = self.gates.iter().any(|gate| gate.position == "open");
    }

    /// Adds the positions of the gates.
    pub fn gates<'a>(&mut self, gates: impl Iterator<Item = (&'a Gate, Position)>) {
        self.gates = gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect();
    }

    /// Every gate is open.
    pub fn all_open(&self) -> bool {
        self.gates.iter().all(|gate| gate.position == "open")
    }

    /// The operation has run, and has left every gate closed.
    pub fn has_closed(&self) -> bool {
        let closed = self.gates.iter().all(|gate| gate.position == "closed");
        closed && !self.phases.is_empty()
    }

    /// Adds what the balancers showed last.
    pub fn balancers(&mut self, balancers: &[BalancerObservation]) {
        for (report, balancer) in self.balancers.iter_mut().zip(balancers) {
            *report = BalancerReport::from(balancer);
        }
    }

    /// The report of an operation that has ended.
    pub fn end(mut self, outcome: &Outcome) -> Report {
        self.outcome = outcome.word(self.verb);
        self.exit = outcome.exit_code();
        self.message = outcome.message(self.verb, &self.app);
        self.seconds = self.so_far();
        self.shares =
            (!self.phases.is_empty()).then(|| Shares::of(&self.before, &self.phases, self.seconds));
        self
    }
}
