//! The balancers before the app, and the addresses by which they know this host.

use crate::config::{AppSettings, BalancerSettings, PAGE, READONLY, Settings};
use crate::haproxy::{Address, AppPorts, Balancer, Master, Neighbours, Ours, Socket};
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

/// What else this host has behind the same balancers: the app's other targets, its page, and other
/// apps.
fn neighbours(settings: &Settings, app: &AppSettings) -> Neighbours {
    let others = settings.apps.iter().filter(|other| other.name != app.name);
    let ports = |other: &AppSettings| {
        let views = other.instances().into_iter().chain(other.at_page());
        views.map(|one| one.ports.port).collect()
    };
    let ours = match app.target.as_deref() {
        Some(PAGE) => Ours::Page,
        Some(READONLY) => Ours::Marker,
        _ => Ours::App,
    };
    Neighbours {
        target: app.target.clone(),
        other_targets: beside(settings, app, ours),
        other_apps: others.map(ports).collect(),
        page: app.page.as_ref().map(|page| page.ports),
        ours,
    }
}

/// What the lines of this host beside ours serve. A page has the whole app beside it, which its own
/// view does not show if the app has no targets.
fn beside(settings: &Settings, app: &AppSettings, ours: Ours) -> Vec<(String, AppPorts)> {
    match ours {
        Ours::App => {
            let targets = app.other_targets();
            targets.map(|one| (one.name.clone(), one.ports)).collect()
        }
        Ours::Page => {
            let mut all = settings.apps.iter();
            let whole = all.find(|one| one.name == app.name).unwrap_or(app);
            let targets = whole.instances().into_iter();
            targets.map(|one| (one.label(), one.ports)).collect()
        }
        Ours::Marker => Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// So a backend that serves the app and has no line of the page is found.
    #[test]
    fn a_page_has_the_whole_app_beside_it() {
        let page = "page = { port = 1009, status_port = 2009 }";
        let plain = "port = 1000\nstatus_port = 2000\nrestart = { systemd = \"web\" }";
        let targets = "target.blue = { port = 1000, status_port = 2000, run = { systemd = \"b\" } }\n\
                       target.green = { port = 1001, status_port = 2001, run = { systemd = \"g\" } }";
        for (ports, beside) in [
            (plain, &[("web", 1000)][..]),
            (targets, &[("web/blue", 1000), ("web/green", 1001)]),
        ] {
            let text = format!("[app.web]\n{ports}\n{page}\n[[haproxy]]\nsocket = \"/s\"\n");
            let settings = crate::config::read("agent.toml".as_ref(), &text).unwrap();
            let page = settings.apps[0].at_page().unwrap();
            let all = neighbours(&settings, &page).other_targets;
            let all: Vec<_> = all
                .iter()
                .map(|(name, at)| (name.as_str(), at.port))
                .collect();
            assert_eq!(all, beside);
        }
    }
}
