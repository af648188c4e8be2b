//! The report of `agent readonly`, and its line of the history.

use super::Readonly;
use super::end::End;
use crate::clock::since_1970;
use crate::gate::{Gate, Position};
use crate::haproxy::BalancerObservation;
use crate::history::{self, Entry, Line};
use crate::host;
use crate::report::{BalancerReport, GateReport};
use crate::restart::seconds;
use crate::state::caller::Origin;
use crate::state::declared::Declared;
use crate::text::escape_within;
use serde::Serialize;
use std::time::Instant;

/// The longest message in the history, in characters.
const LONG: usize = 2000;

/// One object on stdout.
#[derive(Debug, Serialize)]
pub struct ReadonlyReport {
    /// Its id in the history; a dry run has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `readonly on` or `readonly off`.
    pub verb: &'static str,
    /// On which host.
    pub host: String,
    /// For which app.
    pub app: String,
    /// How it ended, in one word.
    pub outcome: &'static str,
    /// The exit code that says so.
    pub exit: u8,
    /// How it ended, in one line.
    pub message: String,
    /// Of a refusal: each reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Seconds since 1970.
    pub started_at: f64,
    /// How long it took.
    pub seconds: f64,
    /// The record: since when, who, why, until when. None: writes are not to be refused.
    pub declared: Option<Declared>,
    /// The marker's gate.
    pub gates: Vec<GateReport>,
    /// What the balancers showed last.
    pub balancers: Vec<BalancerReport>,
    /// Notices for the operator.
    pub notices: Vec<String>,
    /// The plan of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<String>>,
}

/// What was seen so far.
pub(super) struct Draft {
    pub(super) origin: Origin,
    started_at: f64,
    began: Instant,
    pub(super) gate: Option<(Gate, Position)>,
    pub(super) balancers: Vec<BalancerObservation>,
    pub(super) declared: Option<Declared>,
    pub(super) notices: Vec<String>,
    pub(super) plan: Option<Vec<String>>,
}

impl Draft {
    pub(super) fn new(asked: &Readonly<'_>) -> Draft {
        let origin = match asked.dry_run {
            true => Origin::default(),
            false => Origin::by_caller(None, asked.reason.as_deref()),
        };
        Draft {
            origin,
            started_at: since_1970().as_secs_f64(),
            began: Instant::now(),
            gate: None,
            balancers: Vec::new(),
            declared: None,
            notices: Vec::new(),
            plan: None,
        }
    }

    pub(super) fn report(self, asked: &Readonly<'_>, end: &End) -> ReadonlyReport {
        let id = self.origin.id;
        let gate = self.gate.into_iter();
        ReadonlyReport {
            id: (!id.is_empty()).then_some(id),
            verb: asked.verb(),
            host: host::name(),
            app: asked.app.name.clone(),
            outcome: end.word(),
            exit: end.exit(),
            message: end.message(&asked.app.name),
            reasons: end.reasons().to_vec(),
            started_at: self.started_at,
            seconds: seconds(self.began.elapsed()),
            declared: self.declared,
            gates: gate
                .map(|(gate, position)| GateReport::new(&gate, position))
                .collect(),
            balancers: self.balancers.iter().map(BalancerReport::from).collect(),
            notices: self.notices,
            plan: self.plan,
        }
    }
}

impl ReadonlyReport {
    fn entry(&self, origin: &Origin) -> Entry {
        let reason = origin.reason.as_ref();
        Entry {
            id: origin.id.clone(),
            host: self.host.clone(),
            app: self.app.clone(),
            verb: self.verb.to_owned(),
            outcome: self.outcome.to_owned(),
            exit: Some(self.exit),
            message: escape_within(&self.message, LONG),
            started_at: self.started_at,
            seconds: self.seconds,
            notices: self.notices.clone(),
            reason: reason.map(|reason| escape_within(reason, LONG)),
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            ..Entry::default()
        }
    }

    /// Writes its line of the history. It does not depend on that.
    pub(super) async fn write(&self, asked: &Readonly<'_>, origin: &Origin) {
        if asked.dry_run || !nix::unistd::geteuid().is_root() {
            return;
        }
        let directory = &asked.settings.agent.history_dir;
        let line = Line::new(self.entry(origin), origin);
        if let Err(error) = history::write(directory, vec![line]).await {
            let directory = directory.display();
            tracing::warn!(
                "this operation is missing in the history: {directory}: {error}; fix [agent] \
                 history_dir"
            );
        }
    }
}
