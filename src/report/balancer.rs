//! One balancer in a report.

use crate::haproxy::{BalancerObservation, ServerLine};
use serde::Serialize;

/// What one balancer shows.
#[derive(Debug, Clone, Serialize)]
pub struct BalancerReport {
    /// Its name.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// HAProxy's version.
    pub version: Option<String>,
    /// Our lines.
    pub lines: Vec<ServerLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Why they can't be seen.
    pub error: Option<String>,
}

impl From<&BalancerObservation> for BalancerReport {
    fn from(balancer: &BalancerObservation) -> BalancerReport {
        let worker = balancer.worker.as_ref();
        let why = balancer.answer.as_ref().err();
        BalancerReport {
            name: balancer.name.clone(),
            version: worker.map(|worker| worker.version.clone()),
            lines: balancer.lines().to_vec(),
            error: why.map(ToString::to_string),
        }
    }
}
