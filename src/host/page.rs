//! One look at an app's page: whether it answers, and where HAProxy shows its lines. The same of the
//! lines of its marker. It lists no rules.

use super::observe::observe_lines;
use super::target::probe_address;
use crate::config::AppSettings;
use crate::haproxy::{Balancer, BalancerObservation};
use futures_util::future::join_all;
use std::net::SocketAddr;
use tokio::join;

/// What it showed.
#[derive(Debug, Clone)]
pub(crate) struct PageLook {
    /// The address of the probe.
    pub address: SocketAddr,
    /// The answer.
    pub health: Result<(), String>,
    /// Every balancer, with the page's lines.
    pub balancers: Vec<BalancerObservation>,
}

/// Looks at the page. The balancers remember its lines until the next look.
pub(crate) async fn look_at_page(page: &AppSettings, balancers: &mut [Balancer]) -> PageLook {
    let address = probe_address(page);
    let probe = page.health.probe(address, page.environment());
    let asked = join_all(balancers.iter_mut().map(observe_lines));
    let (health, balancers) = join!(probe, asked);
    PageLook {
        address,
        health,
        balancers,
    }
}

/// Looks at the lines of the app, seen at its marker.
pub(crate) async fn look_at_marker(balancers: &mut [Balancer]) -> Vec<BalancerObservation> {
    join_all(balancers.iter_mut().map(observe_lines)).await
}
