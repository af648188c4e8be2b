//! Our lines on one balancer: that they are there, fit each other, are checked and UP, and
//! that others can carry the load.

mod pair;
mod state;

use super::Point;
use super::check::Check;
use super::firewall::Filters;
use super::twin::{self, Traits};
use crate::gate::Position;
use crate::haproxy::{Address, AppPorts, Examination, Level, Lost, Own, Role, ServerState};

const FOUND: Check = Check {
    name: "lines",
    why: "the agent watches this host's own server lines: without them it does not know whether \
          the host is in rotation",
};
const TWIN: Check = Check {
    name: "twin",
    why: "the twin serves users with a cookie while the main line is DOWN, and by it other hosts \
          see in time that this one is about to go",
};
const OTHERS: Check = Check {
    name: "others",
    why: "while this host is out the others carry its load; with fewer than min_available a \
          restart is refused (exit 12)",
};

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
    /// What of this host may drop their checks; None: it can't be read.
    pub filters: Option<&'a Filters>,
    /// HAProxy's own file is judged for them.
    pub by_file: bool,
}

pub(super) fn points(lines: &Lines) -> Vec<Point> {
    let found = match &lines.seen.found {
        Ok(found) => found,
        Err(why) => return vec![lost(lines, why)],
    };
    let names: Vec<String> = found.own.iter().map(name).collect();
    let told = format!("app {}: its lines are {}", lines.app, names.join(", "));
    let mut points = vec![FOUND.ok(lines.balancer, told)];
    for backend in lines.backends() {
        points.extend(has_twin(lines, backend));
        points.extend(pair::points(lines, backend));
        points.extend(state::points(lines, backend));
    }
    points.extend(others(lines));
    points
}

fn lost(lines: &Lines, why: &Lost) -> Point {
    let (found, mend) = match why {
        Lost::Missing(missing) => (missing.what.clone(), missing.mend.clone()),
        Lost::Unseen(why) => (
            format!("its lines can't be seen: {why}"),
            super::balancer::mend(lines.address, why),
        ),
    };
    FOUND.error(lines.balancer, format!("app {}: {found}", lines.app), mend)
}

fn has_twin(lines: &Lines, backend: &str) -> Vec<Point> {
    let of = format!("{} {backend}", lines.balancer);
    let (pairs, left) = lines.pairs(backend);
    let pairs = pairs.into_iter().map(|(main, twin)| match twin {
        Some(twin) => of_pair(lines, &of, main, twin),
        None => {
            let found = format!("{} has no twin", main.server);
            TWIN.warning(&of, found, lines.twin_line(main, None))
        }
    });
    let left = left.into_iter().map(|twin| {
        let found = format!("{} has no main line of its own", twin.server);
        let mend = "give it the address and cookie of a main line, or take it away";
        TWIN.warning(&of, found, mend)
    });
    pairs.chain(left).collect()
}

fn of_pair(lines: &Lines, of: &str, main: &Own, twin: &Own) -> Point {
    let (main_name, name) = (&main.server, &twin.server);
    match (lines.ports.backup_status_port, twin.role) {
        (Some(port), Role::ClassicTwin) => TWIN.warning(
            of,
            format!("{name} checks the app itself, not port {port}"),
            lines.twin_line(main, Some(twin)),
        ),
        (Some(_), _) => TWIN.ok(of, format!("{main_name}'s twin is {name}")),
        (None, _) => TWIN.ok(of, format!("{main_name}'s twin is {name} (classic)")),
    }
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
                format!("{found}: nobody serves the users while this host is out"),
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

    /// Each main line of a backend with its twin, and the twins that are left: a host may have
    /// a line by IPv4 and one by IPv6.
    fn pairs<'b>(&'b self, backend: &'b str) -> (Vec<(&'b Own, Option<&'b Own>)>, Vec<&'b Own>) {
        let mains: Vec<&Own> = self.own(backend, |role| role == Role::Main).collect();
        let twins: Vec<&Own> = self.own(backend, |role| role != Role::Main).collect();
        twin::pairs(&mains, &twins, |own| Traits {
            host: self.state(own).and_then(|state| state.address),
            cookie: self.cookie(own),
        })
    }

    /// None: it has none, or HAProxy hides it.
    fn cookie(&self, own: &Own) -> Option<&str> {
        self.seen.listed(own)?.cookie.as_deref()
    }

    /// Cookies are hidden from level user.
    fn sees_cookies(&self) -> bool {
        self.seen.level >= Some(Level::Operator)
    }

    fn state(&self, own: &Own) -> Option<&ServerState> {
        let found = self.seen.found.as_ref().ok()?;
        let mut servers = found.servers.iter();
        servers.find(|one| (&one.backend, &one.server) == (&own.backend, &own.server))
    }

    fn of(&self, own: &Own) -> String {
        format!("{} {}/{}", self.balancer, own.backend, own.server)
    }

    /// The twin that fits a main line, as HAProxy's configuration has it.
    fn twin_line(&self, main: &Own, twin: Option<&Own>) -> String {
        let name = twin.map_or_else(|| twin::name(&main.server), |twin| twin.server.clone());
        let port = self.ports.port;
        let address = self.state(main).and_then(|state| state.address);
        let at = address.map_or_else(
            || format!("ADDRESS:{port}"),
            |ip| std::net::SocketAddr::new(ip, port).to_string(),
        );
        let cookie = self.cookie(main);
        let line = twin::line(&name, &at, cookie, self.ports.backup_status_port);
        match cookie.is_some() || self.sees_cookies() {
            true => line,
            false => format!("with `cookie` as on the line of {}: {line}", main.server),
        }
    }
}

fn name(own: &Own) -> String {
    format!("{}/{} ({})", own.backend, own.server, own.role.word())
}

#[cfg(test)]
mod tests;
