//! The balancers before the app, and the addresses by which they know this host.

use crate::config::{AppSettings, BalancerSettings, Settings};
use crate::haproxy::{Address, Balancer, Master, Neighbours, Socket};
use std::net::IpAddr;

/// The balancers that serve the app, before the first look.
pub(crate) fn balancers(settings: &Settings, app: &AppSettings) -> Vec<Balancer> {
    let interfaces = interface_addresses();
    let routed = interfaces.iter().filter(|address| !address.is_loopback());
    let ours: Vec<IpAddr> = routed.chain(&settings.agent.addresses).copied().collect();
    let all = settings.balancers.iter();
    let serving = all.filter(|balancer| balancer.serves(&app.name));
    serving
        .map(|balancer| {
            let balancer = new_balancer(balancer, app, &ours);
            balancer.with_neighbours(neighbours(settings, app))
        })
        .collect()
}

/// What else this host has behind the same balancers: the app's other targets, and other apps.
fn neighbours(settings: &Settings, app: &AppSettings) -> Neighbours {
    let targets = app.other_targets();
    let others = settings.apps.iter().filter(|other| other.name != app.name);
    let ports = |other: &AppSettings| {
        let instances = other.instances().into_iter();
        instances.map(|one| one.ports.port).collect()
    };
    Neighbours {
        target: app.target.clone(),
        other_targets: targets.map(|one| (one.name.clone(), one.ports)).collect(),
        other_apps: others.map(ports).collect(),
    }
}

fn new_balancer(settings: &BalancerSettings, app: &AppSettings, ours: &[IpAddr]) -> Balancer {
    let socket = |address: &Address| Socket {
        address: address.clone(),
        timeout: settings.timeout,
    };
    let master = settings.master.as_ref().map(|address| Master {
        socket: socket(address),
    });
    let (names, ours) = (settings.names.clone(), ours.to_vec());
    Balancer::new(socket(&settings.address), names, app.ports, ours).with_master(master)
}

/// All addresses of this host's interfaces.
pub(crate) fn interface_addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    addresses.collect()
}
