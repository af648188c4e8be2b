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
use crate::state::target::Intent;

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
    /// Whether maintenance is on. None: it has no page.
    pub maintenance: Option<bool>,
    /// Whether HAProxy is to refuse writes. None: it has no marker, or its record can't be read.
    pub readonly: Option<bool>,
    /// Whether an operation is unfinished: one under way, or one that was cut short.
    pub unfinished: bool,
    /// The balancers that serve it.
    pub balancers: Vec<BalancerView>,
    /// Its targets. Empty: it has none, or it is not known which one is current.
    pub targets: Vec<TargetView>,
}

/// One target of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetView {
    /// Its name.
    pub name: String,
    /// Whether it is the current one.
    pub is_current: bool,
    /// Until when it is ready. None: it is not.
    pub ready: Option<ReadyUntil>,
}

/// When the time of a ready target ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadyUntil {
    /// Seconds since 1970.
    At(u64),
    /// It has no end: the drain ran out, or a switch to it failed. An operator ends it.
    Finished,
}

impl TargetView {
    /// The targets of an app by its record.
    pub fn all(targets: &[&str], record: &Intent) -> Vec<TargetView> {
        let ready = |name: &str| {
            let is_ready = record.ready.as_deref() == Some(name);
            let until = record.ready_until_unix_s.map(ReadyUntil::At);
            is_ready.then(|| until.unwrap_or(ReadyUntil::Finished))
        };
        let view = |name: &&str| TargetView {
            name: (*name).to_owned(),
            is_current: record.current == **name,
            ready: ready(name),
        };
        targets.iter().map(view).collect()
    }
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
