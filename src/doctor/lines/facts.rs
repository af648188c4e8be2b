//! The facts about our lines on one balancer.

use super::line::{Backend, Line, NONE};
use crate::app::HealthCheck;
use crate::doctor::Point;
use crate::gate::{Destination, Position};
use crate::haproxy::{
    Address, AppPorts, Examination, Floor, Level, Own, Role, ServerState, Status,
};
use crate::restart::PerGate;
use std::net::SocketAddr;

/// Our lines on one balancer.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    /// The app, as the configuration names it.
    pub app: &'a str,
    /// The app and its target: `web/green`.
    pub label: String,
    /// Its target is idle, and may be stopped.
    pub is_idle: bool,
    /// The balancer, as messages name it.
    pub balancer: &'a str,
    pub address: &'a Address,
    pub seen: &'a Examination,
    pub ports: AppPorts,
    /// The destination of the app's gates.
    pub to: Destination,
    /// How the agent checks the app.
    pub check: &'a HealthCheck,
    /// The positions of the gates. None if the rules can't be read.
    pub gates: Option<&'a PerGate<Position>>,
    pub min_available: Floor,
    /// An operation on this app is under way: HAProxy may not have seen its gates move yet.
    pub under_way: bool,
    /// The points about HAProxy's file.
    pub file: &'a [Point],
}

impl Lines<'_> {
    /// The backends that serve us, each once.
    pub(crate) fn backends(&self) -> Vec<&str> {
        let mut backends: Vec<&str> = Vec::new();
        for own in self.seen.own() {
            if !backends.contains(&own.backend.as_str()) {
                backends.push(&own.backend);
            }
        }
        backends
    }

    /// Our lines of a backend, in HAProxy's order.
    pub(super) fn own<'b>(&'b self, backend: &'b str) -> impl Iterator<Item = &'b Own> {
        let own = self.seen.own().iter();
        own.filter(move |own| own.backend == backend)
    }

    /// Our lines of a backend, in the form that [`judge`](super::judge()) takes. A line that checks our
    /// gate is ours, although it may send its users to another port.
    pub(crate) fn as_judged(&self, backend: &str) -> Backend {
        let sees_cookies = self.seen.level >= Some(Level::Operator);
        let mismatched = self.seen.mismatched.iter();
        let mismatched = mismatched.filter(|server| server.backend == backend);
        let mismatched = mismatched.map(|server| Own {
            backend_id: server.backend_id,
            backend: server.backend.clone(),
            server_id: server.server_id,
            server: server.server.clone(),
            role: match server.check_port == self.ports.status_port {
                true => Role::Main,
                false => Role::Twin,
            },
            address: None,
            check_address: None,
        });
        let own = self.own(backend).cloned().chain(mismatched);
        Backend {
            of: format!("{} {backend}", self.balancer),
            lines: own.map(|own| self.line(&own, sees_cookies)).collect(),
            ports: self.ports,
            hides_cookies: !sees_cookies,
            derives_cookies: false,
        }
    }

    fn line(&self, own: &Own, sees_cookies: bool) -> Line {
        let servers = self
            .seen
            .found
            .as_ref()
            .map_or(&[][..], |found| &found.servers);
        let is_it = |one: &ServerState| (&one.backend, &one.server) == (&own.backend, &own.server);
        let place = servers.iter().position(is_it);
        let state = place.map(|place| &servers[place]);
        let listed = self.seen.listed(own);
        let (ip, port) = (state.and_then(|state| state.address), self.ports.port);
        let cookie = listed.and_then(|listed| listed.cookie.clone());
        let at = ip.map_or(format!("ADDRESS:{port}"), |ip| {
            SocketAddr::new(ip, port).to_string()
        });
        Line {
            name: own.server.clone(),
            is_main: own.role == Role::Main,
            at: place.unwrap_or_default(),
            host: Some(ip.map_or("a name".to_owned(), |ip| ip.to_string())),
            port: state.map(|state| state.port).filter(|port| *port > 0),
            users_port: false,
            cookie: sees_cookies.then(|| cookie.clone().unwrap_or_else(|| NONE.to_owned())),
            written: (at, cookie),
            backup: listed.is_some_and(|listed| listed.stat.backup),
            checked: state.map(|state| match state.check_port {
                0 => state.port,
                port => port,
            }),
            by_command: listed
                .and_then(|listed| listed.check.as_ref())
                .is_some_and(|check| check.status.is_of_a_command()),
            elsewhere: state.is_some_and(|state| self.is_checked_elsewhere(state)),
            unchecked: listed
                .filter(|listed| listed.stat.status == Status::NoCheck)
                .map(|_| ""),
            fall: listed.and_then(|listed| Some(listed.check.as_ref()?.fall)),
        }
    }

    /// A line may be checked at another address of this host: the gates are there, too.
    fn is_checked_elsewhere(&self, state: &ServerState) -> bool {
        let other = state.check_address.filter(|at| Some(*at) != state.address);
        other.is_some_and(|at| self.seen.elsewhere.contains(&at))
    }

    pub(super) fn of(&self, own: &Own) -> String {
        format!("{} {}/{}", self.balancer, own.backend, own.server)
    }
}
