//! What Prometheus is told: the gates and lines as the sidecar last saw them, and the
//! [`tally`](crate::state::counters) of what all processes did. OpenMetrics over HTTP/1.1, on a loopback
//! address or a unix socket: there is no password, so nobody beyond this host is answered.

mod encode;
mod listener;
mod serve;

pub use encode::encode;
pub use listener::{Listener, MetricsAddress};
pub use serve::serve;

use crate::haproxy::Role;

/// How one app stands. What is out of sight is None, and told to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppView {
    /// Its name.
    pub app: String,
    /// Its gates, and whether they are open.
    pub gates: Vec<(Role, Option<bool>)>,
    /// It answers as its `health` wants.
    pub healthy: Option<bool>,
    /// An operator wants the gates closed.
    pub held: bool,
    /// The balancers that serve it.
    pub balancers: Vec<BalancerView>,
}

/// What one balancer shows of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerView {
    /// Its name: the stats socket's address.
    pub name: String,
    /// The app's lines (`BACKEND/SERVER`), and whether they are fully UP; None: it did not
    /// answer.
    pub lines: Option<Vec<(String, bool)>>,
}
