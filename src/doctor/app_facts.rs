//! The facts about one app.

use super::{app, balancer, cfg, evidence, gates};

/// The facts of each area that doctor judges for one app, seen at one of its targets.
pub(super) struct AppFacts {
    pub(super) settings: crate::config::AppSettings,
    /// Whether its target is current, as of an app without targets. None: that is not known.
    pub(super) is_current: Option<bool>,
    /// None if the gates can't be seen: without root, or without iptables.
    pub(super) gates: Option<gates::Gates>,
    pub(super) checked: Vec<evidence::Checked>,
    pub(super) evidence: evidence::Evidence,
    /// None without iptables: no look is possible.
    pub(super) app: Option<app::App>,
    pub(super) balancers: Vec<balancer::Balancer>,
    /// The lines of its page and its marker, as the balancers show them.
    pub(super) shown: cfg::Shown,
    /// Whether each balancer has a master socket in the configuration.
    pub(super) has_master: bool,
}
