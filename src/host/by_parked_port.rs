//! The connections that reached a target by the port of another one, while that was parked here.
//! HAProxy has them on the line of the other target. Where the master sockets show everything else,
//! the drain of a switch waits for them alone.

use super::TwoHosts;
use super::balancers::interface_addresses;
use super::counting::is_quiet;
use crate::gate::{Flow, flows};
use crate::haproxy::BalancerObservation;
use crate::restart::switch::Part;
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
    /// While some are left, they may be so for long.
    fn is_due(&self) -> bool {
        let is_new = self.at.is_some_and(|at| at.elapsed() < EACH);
        !(is_new && !self.left.is_empty())
    }
}

impl TwoHosts {
    /// Looks once nothing else is in flight on this target, because only then they decide.
    pub(super) async fn by_parked_port(
        &mut self,
        part: Part,
        before: &[BalancerObservation],
    ) -> Result<Connections, String> {
        if before.iter().all(is_quiet) && self.at(part).by_parked_port.is_due() {
            let left = self.brought(part).await?;
            let at = Some(Instant::now());
            self.at(part).by_parked_port = ByParkedPort { at, left };
        }
        let host = self.at(part);
        let here = tcp::connections(host.app.ports.port).await;
        Ok(Connections {
            oldest: here.ok().and_then(|all| tcp::oldest(&all)),
            ..Connections::by_parked_port(host.by_parked_port.left.clone())
        })
    }

    async fn brought(&mut self, part: Part) -> Result<ByPeer, String> {
        let app = self.at(part).app.clone();
        let place = self.old.place(&app).await;
        let place = place.map_err(|error| error.to_string())?;
        let ports = app.other_targets().map(|other| other.ports.port);
        let flows = flows(ports.collect()).await?;
        let own = interface_addresses();
        let brought = |flow: &&Flow| flow.alive && flow.is_brought_to(place, &own);
        let mut left = ByPeer::new();
        for flow in flows.iter().filter(brought) {
            *left.entry(flow.peer.ip().to_canonical()).or_default() += 1;
        }
        Ok(left)
    }
}
