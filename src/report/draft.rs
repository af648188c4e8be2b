//! What one operation has collected so far. Its report and its line of the history come from it.

use super::balancer::BalancerReport;
use super::gate::GateReport;
use super::model::Report;
use super::shares::{Before, Shares};
use super::watched::Watching;
use crate::clock::since_1970;
use crate::config::PAGE;
use crate::gate::{Gate, Position};
use crate::haproxy::{BalancerObservation, both};
use crate::host::{self, Snapshot};
use crate::restart::switch::{Names, THE_APP, THE_PAGE};
use crate::restart::{Outcome, PhaseTime, Verb, seconds};
use crate::state::caller::Origin;
use crate::state::journal::CutShort;
use std::time::{Duration, Instant};

/// A report in the making.
#[derive(Debug)]
pub struct Draft {
    verb: Verb,
    app: String,
    /// Users meet the page: only `maintenance off` opens the gates of the app.
    pub in_maintenance: bool,
    /// Seconds since 1970.
    started_at: f64,
    /// The monotonic begin. The wall clock may jump, so durations never depend on it.
    began: Instant,
    /// The waits before the first phase.
    pub before: Before,
    /// How long each phase took.
    pub phases: Vec<PhaseTime>,
    gates: Vec<(Gate, Position)>,
    balancers: Vec<BalancerObservation>,
    /// Notices for the operator.
    pub notices: Vec<String>,
    /// The balancers that it neither asks nor waits for.
    pub without_balancers: Vec<String>,
    /// The targets of a switch: the old one and the new one.
    pub targets: Option<(String, String)>,
    /// The plan of a dry run.
    pub plan: Option<Vec<String>>,
    /// A gate was open before it began.
    pub any_found_open: bool,
    /// For the history: the caller. A dry run is not in the history, and its id is empty.
    pub origin: Origin,
    /// For the history: what the balancers have shown so far.
    pub watching: Watching,
    /// For the history: the earlier operation, which was killed.
    pub cut_short: Option<CutShort>,
}

impl Draft {
    /// Of an operation that begins now.
    pub fn new(verb: Verb, app: &str) -> Draft {
        Draft {
            in_maintenance: false,
            verb,
            app: app.to_owned(),
            started_at: since_1970().as_secs_f64(),
            began: Instant::now(),
            before: Before::default(),
            phases: Vec::new(),
            gates: Vec::new(),
            balancers: Vec::new(),
            notices: Vec::new(),
            without_balancers: Vec::new(),
            targets: None,
            plan: None,
            any_found_open: false,
            origin: Origin::default(),
            watching: Watching::default(),
            cut_short: None,
        }
    }

    /// The same, with its caller for the history.
    pub fn with_origin(self, origin: Origin) -> Draft {
        Draft { origin, ..self }
    }

    /// Takes what the preflight saw.
    pub fn set_snapshot(&mut self, at: Duration, snapshot: &Snapshot) {
        self.set_gates_before(snapshot.gates().into_iter().zip(snapshot.positions()));
        let balancers = &snapshot.balancers;
        self.balancers.clone_from(balancers);
        self.watching.look(at, balancers);
        let closed = snapshot
            .positions()
            .map(|position| position == Position::Closed);
        self.watching.detecting.possible = snapshot.possible_rules();
        self.watching.detecting.around = snapshot.rules_around();
        self.watching.detecting.finds(closed, balancers);
    }

    /// Takes what the preflight of a switch saw of the old target and the new one.
    pub fn set_snapshots(&mut self, at: Duration, snapshots: [&Snapshot; 2]) {
        let gates = snapshots.map(|one| one.gates().into_iter().zip(one.positions()));
        self.set_gates_before(gates.into_iter().flatten());
        let [old, new] = snapshots;
        self.balancers = both(&old.balancers, &new.balancers);
        self.watching.look(at, &self.balancers);
    }

    /// Takes the balancers that it leaves out.
    pub fn leave_out(&mut self, balancers: Vec<String>) {
        let note = |name: &String| {
            format!("{name} is left out (--without-balancer): the agent drains none of its users")
        };
        self.notices.extend(balancers.iter().map(note));
        self.without_balancers = balancers;
    }

    /// Takes the positions of the gates before it begins.
    pub fn set_gates_before<'a>(&mut self, gates: impl Iterator<Item = (&'a Gate, Position)>) {
        self.set_gates(gates);
        self.any_found_open = self.gates.iter().any(is_open);
    }

    /// Takes the positions of the gates.
    pub fn set_gates<'a>(&mut self, gates: impl Iterator<Item = (&'a Gate, Position)>) {
        self.gates = gates
            .map(|(gate, position)| (gate.clone(), position))
            .collect();
    }

    /// What the last look has shown of the balancers.
    pub fn balancers(&self) -> &[BalancerObservation] {
        &self.balancers
    }

    /// The positions of the gates are known.
    pub fn shows_gates(&self) -> bool {
        !self.gates.is_empty()
    }

    /// Every gate is open.
    pub fn all_open(&self) -> bool {
        self.gates.iter().all(is_open)
    }

    /// Takes what the balancers showed last.
    pub fn set_balancers(&mut self, balancers: &[BalancerObservation]) {
        for (before, now) in self.balancers.iter_mut().zip(balancers) {
            before.clone_from(now);
        }
    }

    fn names(&self) -> Names<'_> {
        let targets = self.targets.as_ref();
        targets.map_or(Names::default(), |(old, new)| Names {
            old: shown(old),
            new: shown(new),
        })
    }

    fn message(&self, outcome: &Outcome) -> String {
        let message = outcome.message_between(self.verb, &self.app, self.names());
        match self.in_maintenance {
            true => message.replace("`agent open ", "`agent maintenance off "),
            false => message,
        }
    }

    /// The report of an operation that has ended now.
    pub fn report(&self, outcome: &Outcome) -> Report {
        let seconds = seconds(self.began.elapsed());
        let id = &self.origin.id;
        let is_done = !self.phases.is_empty();
        let notices = self.notices.iter();
        let notices = notices.map(|notice| self.names().fill(notice));
        let gates = self.gates.iter();
        let gates = gates.map(|(gate, position)| GateReport::new(gate, position.clone()));
        Report {
            id: (!id.is_empty()).then(|| id.clone()),
            verb: self.verb,
            host: host::name(),
            app: self.app.clone(),
            outcome: outcome.word(self.verb),
            exit: outcome.exit_code(),
            message: self.message(outcome),
            reasons: match outcome {
                Outcome::Refused(refusal) => refusal.reasons(),
                _ => Vec::new(),
            },
            started_at: self.started_at,
            seconds,
            phases: self.phases.clone(),
            shares: is_done.then(|| Shares::of(&self.before, &self.phases, seconds)),
            gates: gates.collect(),
            balancers: self.balancers.iter().map(BalancerReport::from).collect(),
            notices: notices.collect(),
            without_balancers: self.without_balancers.clone(),
            from: self
                .targets
                .as_ref()
                .map(|(from, _)| from.clone())
                .filter(|name| !name.is_empty()),
            to: self
                .targets
                .as_ref()
                .map(|(_, to)| to.clone())
                .filter(|name| !name.is_empty()),
            plan: self.plan.clone(),
        }
    }
}

/// The name of a target in a sentence. An app without targets has none.
fn shown(target: &str) -> &str {
    match target {
        "" => THE_APP,
        PAGE => THE_PAGE,
        target => target,
    }
}

fn is_open((_, position): &(Gate, Position)) -> bool {
    *position == Position::Open
}
