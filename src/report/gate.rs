//! One gate in a report.

use crate::gate::{Destination, Gate, Position};
use crate::haproxy::Role;
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};

/// One gate, by the kernel's rules.
#[derive(Debug, Serialize)]
pub struct GateReport {
    /// The role of the line that checks it.
    pub role: Role,
    /// The target that it is for; None: the app has no targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The port that it redirects from.
    pub status_port: u16,
    /// The port that it redirects to.
    pub port: u16,
    /// The address that it redirects to. None: this host's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// `open`, `closed`, `broken`, or `unknown`: the rules can't be read.
    pub position: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Why it is broken or unknown.
    pub why: Option<String>,
}

impl GateReport {
    /// The place that it redirects to.
    pub fn to(&self) -> Destination {
        let at = |ip| Destination::Address(SocketAddr::new(ip, self.port));
        self.address.map_or(Destination::Port(self.port), at)
    }

    /// A gate with this position.
    pub fn new(gate: &Gate, position: Position) -> GateReport {
        let (position, why) = match position {
            Position::Open => ("open", None),
            Position::Closed => ("closed", None),
            Position::Broken(why) => ("broken", Some(why)),
            Position::Unknown(why) => ("unknown", Some(why)),
        };
        GateReport {
            role: gate.role,
            target: gate.target.clone(),
            status_port: gate.status_port,
            port: gate.to.port(),
            address: gate.to.address().map(|address| address.ip()),
            position,
            why,
        }
    }
}
