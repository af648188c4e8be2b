//! Our lines on one balancer: that they are there, fit each other, are checked and UP, and
//! that others can carry the load.

pub mod judge;
mod state;
mod twin;

use super::check::{Check, checks};
use super::{Point, Verdict};
use crate::gate::Position;
use crate::haproxy::{Address, AppPorts, Examination, Level, Lost, Own, Role, ServerState, Status};
use judge::{Backend, Line, NONE, judge};
use std::net::SocketAddr;

checks! {
    FOUND "lines":
        "the agent watches this host's own server lines: without them it does not know whether the host \
         is in rotation";
    OTHERS "others":
        "while this host is out the others carry its load; with fewer than min_available a restart is \
         refused (exit 12)";
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    /// The app, as the configuration names it.
    pub app: &'a str,
    /// The balancer, as messages name it.
    pub balancer: &'a str,
    pub address: &'a Address,
    pub seen: &'a Examination,
    pub ports: AppPorts,
    /// Where the main gate stands, and the twin's; None: the rules can't be read.
    pub gates: [Option<Position>; 2],
    pub min_available: usize,
    /// An operation is at work on this app: HAProxy is just about to see its gates move.
    pub under_way: bool,
}

pub(super) fn points(lines: &Lines) -> Vec<Point> {
    let found = match &lines.seen.found {
        Ok(found) => found,
        Err(why) => return vec![lost(lines, why)],
    };
    let names: Vec<String> = found.own.iter().map(name).collect();
    let said = format!("app {}: its lines are {}", lines.app, names.join(", "));
    let mut points = vec![FOUND.ok(lines.balancer, said)];
    for backend in lines.backends() {
        points.extend(astray(lines, backend));
        points.extend(judge(&lines.as_judged(backend)));
        points.extend(state::points(lines, backend));
    }
    points.extend(others(lines));
    points
}

/// The file's lines are judged like HAProxy's: what both show is said once, by the file, which
/// shows more. What only the running HAProxy has wrong stays.
pub(super) fn once(mut lines: Vec<Point>, mut file: Vec<Point>) -> (Vec<Point>, Vec<Point>) {
    let is_same = |line: &Point, file: &Point| {
        let of = format!(" {}", file.of);
        line.check == file.check && line.of.ends_with(&of)
    };
    lines.retain(|line| {
        let mut same = file.iter().filter(|file| is_same(line, file));
        same.all(|file| file.verdict < line.verdict && line.verdict > Verdict::Unseen)
    });
    file.retain(|file| !lines.iter().any(|line| is_same(line, file)));
    (lines, file)
}

fn lost(lines: &Lines, why: &Lost) -> Point {
    let (found, fix) = match why {
        Lost::Missing(missing) => (missing.what.clone(), missing.mend.clone()),
        Lost::Unseen(why) => (
            format!("its lines can't be seen: {why}"),
            super::balancer::fix(lines.address, why),
        ),
    };
    FOUND.error(lines.balancer, format!("app {}: {found}", lines.app), fix)
}

/// Lines whose check goes through a gate of ours, and their users somewhere else.
fn astray(lines: &Lines, backend: &str) -> Vec<Point> {
    let astray = lines.seen.astray.iter();
    let astray = astray.filter(|server| server.backend == backend);
    let point = |server: &ServerState| {
        let (name, port) = (&server.server, server.port);
        let of = format!("{} {backend}/{name}", lines.balancer);
        let found = format!(
            "leads to port {port}, and checks port {} of app {}",
            server.check_port, lines.app
        );
        let ours = lines.ports.port;
        let fix = format!("on the line of {name}: port {ours} in place of {port}");
        judge::PORT.error(&of, found, fix)
    };
    astray.map(point).collect()
}

fn others(lines: &Lines) -> Vec<Point> {
    let points = lines.seen.others.iter().map(|others| {
        let of = format!("{} {}", lines.balancer, others.backend);
        let (usable, asked) = (others.usable, lines.min_available);
        let found = format!(
            "{usable} other usable servers{}, min_available is {asked}",
            others.going()
        );
        match usable {
            0 if asked == 0 => OTHERS.warning(
                &of,
                format!("{found}: no server serves the users while this host is out"),
                "add servers to the backend",
            ),
            usable if usable >= asked => OTHERS.ok(&of, found),
            _ => OTHERS.error(
                &of,
                found,
                format!(
                    "bring others UP, or a lower min_available in [app.{}]",
                    lines.app
                ),
            ),
        }
    });
    points.collect()
}

impl Lines<'_> {
    /// Each of those that serve us, once.
    fn backends(&self) -> Vec<&str> {
        let mut backends: Vec<&str> = Vec::new();
        for own in self.seen.own() {
            if !backends.contains(&own.backend.as_str()) {
                backends.push(&own.backend);
            }
        }
        backends
    }

    /// Our lines of a backend, in HAProxy's order.
    fn own<'b>(
        &'b self,
        backend: &'b str,
        is: impl Fn(Role) -> bool + 'b,
    ) -> impl Iterator<Item = &'b Own> {
        let own = self.seen.own().iter();
        own.filter(move |own| own.backend == backend && is(own.role))
    }

    /// Our lines of a backend, as they are judged.
    fn as_judged(&self, backend: &str) -> Backend {
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

    fn of(&self, own: &Own) -> String {
        format!("{} {}/{}", self.balancer, own.backend, own.server)
    }
}

fn name(own: &Own) -> String {
    format!("{}/{} ({})", own.backend, own.server, own.role.word())
}

#[cfg(test)]
mod tests;
