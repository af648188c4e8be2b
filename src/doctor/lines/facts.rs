//! The facts about our lines on one balancer.

use super::judge::{Backend, Line, NONE};
use crate::gate::Position;
use crate::haproxy::{Address, AppPorts, Examination, Level, Own, Role, ServerState, Status};
use std::net::SocketAddr;

/// Our lines on one balancer.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    /// The app, as the configuration names it.
    pub app: &'a str,
    /// The balancer, as messages name it.
    pub balancer: &'a str,
    pub address: &'a Address,
    pub seen: &'a Examination,
    pub ports: AppPorts,
    /// The positions of the main gate and of the twin's. None if the rules can't be read.
    pub gates: [Option<Position>; 2],
    pub min_available: usize,
    /// An operation on this app is under way: HAProxy may not have seen its gates move yet.
    pub under_way: bool,
}

impl Lines<'_> {
    /// The backends that serve us, each once.
    pub(super) fn backends(&self) -> Vec<&str> {
        let mut backends: Vec<&str> = Vec::new();
        for own in self.seen.own() {
            if !backends.contains(&own.backend.as_str()) {
                backends.push(&own.backend);
            }
        }
        backends
    }

    /// Our lines of a backend, in HAProxy's order.
    pub(super) fn own<'b>(
        &'b self,
        backend: &'b str,
        is: impl Fn(Role) -> bool + 'b,
    ) -> impl Iterator<Item = &'b Own> {
        let own = self.seen.own().iter();
        own.filter(move |own| own.backend == backend && is(own.role))
    }

    /// Our lines of a backend, in the form that [`judge`](super::judge()) takes.
    pub(super) fn as_judged(&self, backend: &str) -> Backend {
        let sees_cookies = self.seen.level >= Some(Level::Operator);
        let servers = self
            .seen
            .found
            .as_ref()
            .map_or(&[][..], |found| &found.servers);
        let line = |own: &Own| {
            let is_it =
                |one: &&ServerState| (&one.backend, &one.server) == (&own.backend, &own.server);
            let state = servers.iter().find(is_it);
            let listed = self.seen.listed(own);
            let host = state
                .and_then(|state| state.address)
                .map(|ip| ip.to_string());
            let port = self.ports.port;
            let cookie = listed.and_then(|listed| listed.cookie.clone());
            let at = state.and_then(|state| state.address);
            let at = at.map_or(format!("ADDRESS:{port}"), |ip| {
                SocketAddr::new(ip, port).to_string()
            });
            Line {
                name: own.server.clone(),
                is_main: own.role == Role::Main,
                at: servers
                    .iter()
                    .position(|one| is_it(&one))
                    .unwrap_or_default(),
                host: Some(host.unwrap_or_else(|| "a name".to_owned())),
                port: state.map(|state| state.port.to_string()),
                cookie: sees_cookies.then(|| cookie.clone().unwrap_or_else(|| NONE.to_owned())),
                written: (at, cookie),
                backup: listed.is_some_and(|listed| listed.stat.backup),
                checked: state.map(|state| match state.check_port {
                    0 => state.port,
                    port => port,
                }),
                elsewhere: false,
                unchecked: listed
                    .filter(|listed| listed.stat.status == Status::NoCheck)
                    .map(|_| ""),
                fall: listed.and_then(|listed| Some(listed.check.as_ref()?.fall)),
            }
        };
        Backend {
            of: format!("{} {backend}", self.balancer),
            lines: self.own(backend, |_| true).map(line).collect(),
            ports: self.ports,
            hides_cookies: !sees_cookies,
        }
    }

    pub(super) fn of(&self, own: &Own) -> String {
        format!("{} {}/{}", self.balancer, own.backend, own.server)
    }
}
