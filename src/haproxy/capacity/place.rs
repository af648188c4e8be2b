//! The server that a line belongs to: one for each host and app, however many targets it has there.

use super::super::{Found, ServerStat, ServerState};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

/// A server, by the address and the lowest port of its lines. It is ordered by address, so that each
/// host finds the same order on each balancer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    At(SocketAddr),
    /// HAProxy can't resolve its name, or it has none but that of its line.
    Named(String),
}

impl Place {
    pub(super) fn is_address(&self) -> bool {
        matches!(self, Place::At(_))
    }
}

/// The host of a line, as far as HAProxy shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    At(IpAddr),
    Called(String),
}

/// The app of a line, as far as its port shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum App {
    /// Ours, with all its targets.
    Ours,
    /// Another one of this host's configuration, by its place there.
    Other(usize),
    /// The only one on this port.
    OnPort(u16),
}

/// The places of all lines of one backend.
///
/// HAProxy shows cookies only from level operator on, and targets may share one or have one each. So
/// the configuration decides about the lines of one address: the ports of each app are those of its
/// targets, on each host. On another host every port that it does not know counts as a target of our
/// app, so never too many servers are counted. On this host such a port is another app's. Behind a
/// proxy, where our lines are found by name, each port is a host.
pub(super) struct Places<'a> {
    pub(super) found: &'a Found,
    pub(super) backend: &'a str,
    states: HashMap<&'a str, &'a ServerState>,
    /// The hosts and ports of the lines of our app on this host.
    here: BTreeSet<(Host, u16)>,
    by_name: bool,
    lowest: BTreeMap<(Host, App), u16>,
}

impl<'a> Places<'a> {
    pub(super) fn of(found: &'a Found, backend: &'a str) -> Places<'a> {
        let servers = found.servers.iter().filter(|one| one.backend == backend);
        let mut own = found.own.iter().filter(|own| own.backend == backend);
        let mut places = Places {
            found,
            backend,
            states: servers.map(|one| (one.server.as_str(), one)).collect(),
            here: BTreeSet::new(),
            by_name: own.any(|own| own.address.is_none()),
            lowest: BTreeMap::new(),
        };
        let here = places.names_here().filter_map(|name| places.state(name));
        places.here = here
            .filter_map(|one| Some((host(one)?, one.port)))
            .collect();
        for state in places.states.values() {
            let Some(host) = host(state) else { continue };
            let app = places.app(&host, state.port);
            let lowest = places.lowest.entry((host, app)).or_insert(state.port);
            *lowest = state.port.min(*lowest);
        }
        places
    }

    /// The line, as HAProxy's other table shows it.
    pub(super) fn state(&self, server: &str) -> Option<&'a ServerState> {
        self.states.get(server).copied()
    }

    /// Every line of the backend.
    pub(super) fn states(&self) -> impl Iterator<Item = &'a ServerState> {
        self.states.values().copied()
    }

    /// The places of our app on this host, with all its targets.
    pub(super) fn ours(&self) -> BTreeSet<Place> {
        self.names_here().map(|name| self.place(name)).collect()
    }

    /// Whether the line of a row is one of our app on this host.
    pub(super) fn is_ours(&self, stat: &ServerStat) -> bool {
        stat.backend == self.backend && self.names_here().any(|name| name == stat.server)
    }

    /// Our lines, and those of the app's other targets on this host.
    fn names_here(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (found, backend) = (self.found, self.backend);
        let own = found.own.iter().filter(move |own| own.backend == backend);
        let siblings = found.siblings.iter();
        let siblings = siblings.filter(move |line| line.backend == backend);
        let siblings = siblings.map(|line| line.server.as_str());
        own.map(|own| own.server.as_str()).chain(siblings)
    }

    /// The place of a line.
    pub(super) fn place(&self, server: &str) -> Place {
        let place = self.state(server).and_then(|state| {
            let host = host(state)?;
            let app = self.app(&host, state.port);
            let port = *self.lowest.get(&(host.clone(), app))?;
            Some(match host {
                Host::At(ip) => Place::At(SocketAddr::new(ip, port)),
                Host::Called(name) => Place::Named(format!("{name}:{port}")),
            })
        });
        place.unwrap_or_else(|| Place::Named(server.to_owned()))
    }

    fn app(&self, host: &Host, port: u16) -> App {
        let mut others = self.found.neighbours.other_apps.iter();
        match others.position(|ports| ports.contains(&port)) {
            _ if self.by_name => App::OnPort(port),
            Some(other) => App::Other(other),
            None if self.is_strange_here(host, port) => App::OnPort(port),
            None => App::Ours,
        }
    }

    /// A port of this host that no target of our app has.
    fn is_strange_here(&self, host: &Host, port: u16) -> bool {
        let is_here = self.here.iter().any(|(here, _)| here == host);
        is_here && !self.here.contains(&(host.clone(), port))
    }
}

/// None: HAProxy shows neither an address nor a name.
fn host(state: &ServerState) -> Option<Host> {
    let called = || Some(Host::Called(state.fqdn.clone()?));
    state.address.map(Host::At).or_else(called)
}
