//! Finds the backends that serve the app, and their main lines and twins.

use super::expected::Expected;
use crate::doctor::lines::judge::{Backend, Line, NONE, first_three};
use crate::haproxy::cfg::file::Proxy;
use crate::haproxy::cfg::server::{ADDRESS, Server};
use crate::haproxy::cfg::words::is_variable;
use crate::haproxy::{AppPorts, Role};
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

    /// The names of the lines that are so, if there are some.
    pub(crate) fn names_of(&self, are: impl Fn(&Server) -> bool) -> Option<String> {
        names(self.all().filter(|server| are(server)))
    }

    /// The backend in the form that is judged, the same as for the stats socket.
    pub(crate) fn as_judged(&self, expected: &Expected<'_>) -> Backend {
        let lines = self.lines.iter();
        Backend {
            of: self.proxy.name.clone(),
            lines: lines.map(|line| as_judged(line, expected)).collect(),
            ports: expected.ports,
            hides_cookies: false,
        }
    }
}

fn as_judged(line: &Placed<'_>, expected: &Expected<'_>) -> Line {
    let (server, words) = (line.server, &line.server.words);
    let shown = |hiding: &[&str], value: String| (!words.hides(hiding)).then_some(value);
    let none = || NONE.to_owned();
    // HAProxy expands a variable only in quotes.
    let quoted = |word: &str| match is_variable(word) {
        true => format!("\"{word}\""),
        false => word.to_owned(),
    };
    let host = match server.host.contains(':') {
        true => format!("[{}]", server.host),
        false => server.host.clone(),
    };
    let port = server.port.unwrap_or(expected.ports.port);
    let other = words.check_host.as_deref();
    Line {
        name: server.name.clone(),
        is_main: line.is_main,
        at: line.at,
        host: shown(&[ADDRESS], server.host.clone()),
        port: server.port.filter(|_| !words.hides(&[ADDRESS])),
        cookie: shown(
            &["cookie"],
            words.cookie.as_deref().map_or_else(none, str::to_owned),
        ),
        written: (
            quoted(&format!("{host}:{port}")),
            words.cookie.as_deref().map(quoted),
        ),
        backup: words.backup,
        checked: server.checked().filter(|_| !server.hides_checked()),
        elsewhere: !words.hides(&["addr", ADDRESS]) && other.is_some_and(|at| at != server.host),
        unchecked: match (&words.track, words.check, words.no_check) {
            (Some(_), ..) => Some("track"),
            (None, true, _) => None,
            (None, false, true) => Some("no-check"),
            (None, false, false) => Some(""),
        },
        fall: (!words.hides(&["fall"])).then_some(words.fall.into()),
    }
}

/// `web1, web2, web3 and 4 more`. None if there are none.
pub(crate) fn names<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Option<String> {
    let names: Vec<&str> = servers.into_iter().map(|s| s.name.as_str()).collect();
    first_three(&names)
}

/// The backends, and the lines of HAProxy that none of them has. If the file has none of those
/// lines, it belongs to another HAProxy, or HAProxy has not reloaded it yet.
pub(crate) fn find<'a>(
    proxies: &'a [Proxy],
    expected: &Expected<'_>,
) -> (Vec<Ours<'a>>, Vec<String>) {
    match by_names(proxies, expected) {
        (none, missing) if none.is_empty() => (by_ports(proxies, expected.ports), missing),
        some => some,
    }
}

fn by_names<'a>(proxies: &'a [Proxy], expected: &Expected<'_>) -> (Vec<Ours<'a>>, Vec<String>) {
    let mut found: Vec<Ours<'a>> = Vec::new();
    let mut missing = Vec::new();
    for own in expected.lines {
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

/// The backends that check a status port of ours. If there are none: all backends with servers on
/// the app's port.
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
    match with(&checks) {
        none if none.is_empty() => with(&serves),
        some => some,
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
