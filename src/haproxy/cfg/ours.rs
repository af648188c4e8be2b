//! Finds the backends of the file that serve an app, and their main lines and twins.

use super::file::Proxy;
use super::server::Server;
use crate::haproxy::{AppPorts, Own, Role};
use std::collections::HashSet;

/// One backend that serves the app.
#[derive(Debug)]
pub(crate) struct Ours<'a> {
    pub proxy: &'a Proxy,
    /// Our lines in the order of the file.
    pub lines: Vec<Placed<'a>>,
}

/// A server with its place in the backend. HAProxy searches a cookie in that order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'a> {
    pub at: usize,
    pub is_main: bool,
    pub server: &'a Server,
}

impl<'a> Ours<'a> {
    pub(crate) fn all(&self) -> impl Iterator<Item = &'a Server> + Clone {
        self.lines.iter().map(|line| line.server)
    }

    /// HAProxy makes the cookies from address and port: the same for main and twin.
    pub(crate) fn derives_cookies(&self) -> bool {
        let mut cookie = self.proxy.settings.cookie.iter();
        cookie.any(|words| words.iter().any(|word| word == "dynamic"))
    }
}

/// The backends that serve an app, and the lines of HAProxy that none of them has. If the file has none of those
/// lines, it belongs to another HAProxy, or HAProxy has not reloaded it yet.
pub(crate) fn find<'a>(
    proxies: &'a [Proxy],
    lines: &[Own],
    ports: AppPorts,
) -> (Vec<Ours<'a>>, Vec<String>) {
    let (mut found, missing) = by_names(proxies, lines);
    if found.is_empty() {
        return (by_ports(proxies, ports), missing);
    }
    for ours in &mut found {
        add_new_twins(ours, ports);
    }
    (found, missing)
}

/// The twins that HAProxy has only after its next reload.
fn add_new_twins(ours: &mut Ours<'_>, ports: AppPorts) {
    let lines = &ours.lines;
    let mains = || lines.iter().filter(|line| line.is_main);
    let is_new_twin = |at: usize, server: &Server| {
        server.words.backup
            && server.port == Some(ports.port)
            && server.checked().is_some()
            && server.checked() == ports.backup_status_port
            && lines.iter().all(|line| line.at != at)
            && mains().any(|main| main.server.host == server.host)
    };
    let servers = ours.proxy.servers.iter().enumerate();
    let new: Vec<Placed<'_>> = servers
        .filter(|(at, server)| is_new_twin(*at, server))
        .map(|(at, server)| Placed {
            at,
            is_main: false,
            server,
        })
        .collect();
    ours.lines.extend(new);
    ours.lines.sort_by_key(|line| line.at);
}

fn by_names<'a>(proxies: &'a [Proxy], lines: &[Own]) -> (Vec<Ours<'a>>, Vec<String>) {
    let mut found: Vec<Ours<'a>> = Vec::new();
    let mut missing = Vec::new();
    for own in lines {
        let proxy = proxies.iter().find(|proxy| proxy.name == own.backend);
        let is_it = |server: &Server| server.is_called(&own.server);
        let place = proxy.and_then(|proxy| Some((proxy, proxy.servers.iter().position(is_it)?)));
        let Some((proxy, at)) = place else {
            missing.push(format!("{}/{}", own.backend, own.server));
            continue;
        };
        let line = Placed {
            at,
            is_main: own.role == Role::Main,
            server: &proxy.servers[at],
        };
        match found.iter_mut().find(|ours| ours.proxy.name == proxy.name) {
            Some(ours) => ours.lines.push(line),
            None => found.push(Ours {
                proxy,
                lines: vec![line],
            }),
        }
    }
    for ours in &mut found {
        ours.lines.sort_by_key(|line| line.at);
        // A template makes many lines in HAProxy.
        ours.lines.dedup_by_key(|line| line.at);
    }
    (found, missing)
}

/// The backends that check a status port of ours, and those that send users to the same hosts and
/// the app's port. If no line checks one: all backends with servers on the app's port.
fn by_ports(proxies: &[Proxy], ports: AppPorts) -> Vec<Ours<'_>> {
    let checks = |server: &Server| {
        let port = server.checked();
        port == Some(ports.status_port) || port.is_some() && port == ports.backup_status_port
    };
    let serves = |server: &Server| server.port == Some(ports.port);
    let with = |is_it: &dyn Fn(&Server) -> bool| {
        let some = proxies.iter().filter(|p| p.servers.iter().any(is_it));
        some.map(|proxy| in_roles(proxy, ports)).collect::<Vec<_>>()
    };
    let servers = proxies.iter().flat_map(|proxy| &proxy.servers);
    let gated = servers.filter(|server| checks(server));
    let gated: HashSet<&str> = gated.map(|server| server.host.as_str()).collect();
    match gated.is_empty() {
        true => with(&serves),
        false => {
            with(&|server| checks(server) || serves(server) && gated.contains(server.host.as_str()))
        }
    }
}

fn in_roles(proxy: &Proxy, ports: AppPorts) -> Ours<'_> {
    let is_main = |server: &Server| server.checked() == Some(ports.status_port);
    let mains = proxy.servers.iter().filter(|server| is_main(server));
    let hosts: HashSet<&str> = mains.map(|main| main.host.as_str()).collect();
    let role = |server: &Server| {
        let checked = server.checked();
        let is_twin = checked.is_some() && checked == ports.backup_status_port;
        // A second line of a host with a main line can only be the twin.
        let beside = hosts.contains(server.host.as_str());
        match is_main(server) || is_twin {
            true => Some(!is_twin),
            false if server.port == Some(ports.port) => Some(!server.words.backup && !beside),
            // Its users keep their port, so it has to name the one of its checks.
            false if server.offset.is_some() && checked == Some(ports.port) => {
                Some(!server.words.backup && !beside)
            }
            false => None,
        }
    };
    let servers = proxy.servers.iter().enumerate();
    let placed = |(at, server)| {
        Some(Placed {
            at,
            is_main: role(server)?,
            server,
        })
    };
    Ours {
        proxy,
        lines: servers.filter_map(placed).collect(),
    }
}
