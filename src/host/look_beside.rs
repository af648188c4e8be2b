//! One look at an app's page or marker: whether it answers, and where HAProxy shows its lines. It lists
//! no rules.

use super::observe::observe_lines;
use super::target::probe_address;
use crate::config::AppSettings;
use crate::haproxy::{Balancer, BalancerObservation};
use futures_util::future::join_all;
use std::net::SocketAddr;
use tokio::join;

/// What it showed.
#[derive(Debug, Clone)]
pub(crate) struct BesideLook {
    /// The address of the probe.
    pub address: SocketAddr,
    /// The answer.
    pub health: Result<(), String>,
    /// Every balancer, with its lines.
    pub balancers: Vec<BalancerObservation>,
}

/// Looks at the page or the marker. The balancers remember its lines until the next look.
pub(crate) async fn look_beside(view: &AppSettings, balancers: &mut [Balancer]) -> BesideLook {
    let address = probe_address(view);
    let probe = view.health.probe(address, view.environment());
    let asked = join_all(balancers.iter_mut().map(observe_lines));
    let (health, balancers) = join!(probe, asked);
    BesideLook {
        address,
        health,
        balancers,
    }
}
