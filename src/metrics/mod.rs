//! Metrics for Prometheus: the gates and lines as the sidecar last saw them, and the
//! [counters](crate::state::counters) of all processes. OpenMetrics over HTTP/1.1, on a loopback
//! address or a unix socket: there is no password, so only this host may ask.

mod encode;
mod listener;
mod serve;

pub use encode::encode;
pub use listener::{Listener, MetricsAddress};
pub use serve::serve;

use crate::haproxy::{BalancerObservation, Role};
use crate::state::hold::{By, Failed};

/// The state of one app. A value that the sidecar can't see is None, and left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppView {
    /// Its name.
    pub app: String,
    /// Its gates, and whether they are open.
    pub gates: Vec<(Role, Option<bool>)>,
    /// Whether its health check succeeds.
    pub healthy: Option<bool>,
    /// The hold that keeps the gates closed.
    pub hold: Option<HoldView>,
    /// Whether an operation is unfinished: one under way, or one that was cut short.
    pub unfinished: bool,
    /// The balancers that serve it.
    pub balancers: Vec<BalancerView>,
}

/// A hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldView {
    /// The kind of owner.
    pub by: By,
    /// What failed, if the gates are closed after a failure.
    pub failed: Option<Failed>,
}

/// What one balancer shows of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerView {
    /// Its name: the stats socket's address.
    pub name: String,
    /// The app's lines (`BACKEND/SERVER`), and whether they are fully UP. None if the balancer
    /// did not answer.
    pub lines: Option<Vec<(String, bool)>>,
}

impl From<&BalancerObservation> for BalancerView {
    fn from(balancer: &BalancerObservation) -> BalancerView {
        let answer = balancer.answer.as_ref().ok();
        let lines = answer.map(|answer| {
            let lines = answer.lines.iter();
            lines.map(|line| (line.name.clone(), line.proven)).collect()
        });
        BalancerView {
            name: balancer.name.clone(),
            lines,
        }
    }
}
