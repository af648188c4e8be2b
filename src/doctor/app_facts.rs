//! What is judged of one app.

use super::{app, balancer, evidence, gates};

/// Of one app.
pub(super) struct AppFacts {
    pub(super) settings: crate::config::AppSettings,
    /// None: without root, or without iptables, they can't be seen.
    pub(super) gates: Option<gates::Gates>,
    pub(super) checked: Vec<evidence::Checked>,
    pub(super) evidence: evidence::Evidence,
    /// None: without iptables nobody could look.
    pub(super) app: Option<app::App>,
    pub(super) balancers: Vec<balancer::Balancer>,
    /// Each of them has a master socket in the configuration.
    pub(super) has_master: bool,
}
