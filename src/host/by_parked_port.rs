//! The connections that reached a target by the port of another one, while that was parked here.
//! HAProxy has them on the line of the other target. Where the master sockets show everything else,
//! the drain of a switch waits for them alone.

use super::balancers::interface_addresses;
use super::counting::is_quiet;
use crate::config::AppSettings;
use crate::gate::{Destination, Flow, flows};
use crate::haproxy::BalancerObservation;
use crate::restart::{ByPeer, Connections};
use crate::tcp;
use std::time::{Duration, Instant};

/// Between two looks at the tracked connections while some are left. Each takes the kernel 10 ms.
const EACH: Duration = Duration::from_millis(250);

/// The last look.
#[derive(Debug, Default)]
pub(super) struct ByParkedPort {
    at: Option<Instant>,
    left: ByPeer,
}

impl ByParkedPort {
    /// They decide once nothing else is in flight on this target. While some are left, they may be so
    /// for long.
    pub(super) fn is_due(&self, before: &[BalancerObservation]) -> bool {
        let is_new = self.at.is_some_and(|at| at.elapsed() < EACH);
        before.iter().all(is_quiet) && (self.left.is_empty() || !is_new)
    }

    /// Looks for connections to this target, which serves at this place.
    pub(super) async fn look(
        &mut self,
        app: &AppSettings,
        place: Destination,
    ) -> Result<(), String> {
        let ports = app.other_targets().map(|other| other.ports.port);
        let flows = flows(ports.collect()).await?;
        let own = interface_addresses();
        let brought = |flow: &&Flow| flow.alive && flow.is_brought_to(place, &own);
        (self.at, self.left) = (Some(Instant::now()), ByPeer::new());
        for flow in flows.iter().filter(brought) {
            *self.left.entry(flow.peer.ip().to_canonical()).or_default() += 1;
        }
        Ok(())
    }

    /// What the last look has found, with the age of the oldest request on the app's port.
    pub(super) async fn connections(&self, port: u16) -> Connections {
        let here = tcp::connections(port).await;
        Connections {
            oldest: here.ok().and_then(|all| tcp::oldest(&all)),
            ..Connections::by_parked_port(self.left.clone())
        }
    }
}
