//! Gathers what shows whether a gate reaches its destination.

use crate::config::AppSettings;
use crate::doctor::reached::{Published, Reached};
use crate::gate::{Destination, View, bound};
use crate::host::{Snapshot, interface_addresses};
use std::net::SocketAddr;

/// A port may be published to many places, as by Kubernetes: so many are asked for their health.
const MOST: usize = 3;

pub(super) fn reached(settings: &AppSettings, snapshot: &Snapshot) -> Reached {
    Reached {
        to: settings.gate_to,
        bound: match settings.gate_to {
            Destination::Port(port) => bound(port),
            Destination::Address(_) => Vec::new(),
        },
        through: Vec::new(),
        published: Vec::new(),
        is_forwarded: settings.gate_to.address().is_none_or(is_forwarded),
        is_well: snapshot.health.1.is_ok() && snapshot.askable.is_ok(),
    }
}

/// The addresses that rules redirect the app's port to, with the app's health there.
pub(super) async fn published(settings: &AppSettings, view: &View) -> Vec<Published> {
    let mut published = Vec::new();
    for to in view.published(settings.ports.port).into_iter().take(MOST) {
        let health = settings.health.probe(to, settings.environment()).await;
        published.push(Published { to, health });
    }
    published
}

/// The kernel forwards packets of that family, or the address is one of this host.
fn is_forwarded(to: SocketAddr) -> bool {
    let switch = match to.is_ipv4() {
        true => "/proc/sys/net/ipv4/ip_forward",
        false => "/proc/sys/net/ipv6/conf/all/forwarding",
    };
    let is_off = std::fs::read_to_string(switch).is_ok_and(|text| text.trim() == "0");
    !is_off || interface_addresses().contains(&to.ip())
}
