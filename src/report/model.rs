//! The report of one operation, for machines (`--json`) and for the last line on the screen.

use super::balancer::BalancerReport;
use super::gate::GateReport;
use super::shares::Shares;
use crate::restart::{PhaseTime, Verb};
use serde::Serialize;

/// One object on stdout.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its id in the history; a dry run has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The verb that the caller asked for.
    pub verb: Verb,
    /// On which host.
    pub host: String,
    /// For which app.
    pub app: String,
    /// Of a switch: the target that served when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a switch: the target that was to serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
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
    /// How long each phase took.
    pub phases: Vec<PhaseTime>,
    /// The shares of its time; None: nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// The gates at the end.
    pub gates: Vec<GateReport>,
    /// What the balancers showed last.
    pub balancers: Vec<BalancerReport>,
    /// Notices for the operator.
    pub notices: Vec<String>,
    /// The balancers that it left out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_balancers: Vec<String>,
    /// The plan of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<String>>,
}

impl Report {
    /// The operation has run, and has left every gate closed.
    pub fn has_closed(&self) -> bool {
        let closed = self.gates.iter().all(|gate| gate.position == "closed");
        closed && !self.phases.is_empty()
    }
}
