//! Checks whether a gate reaches its destination: the app on this host, or another service.
//! HAProxy's view decides, because the kernel picks the address of a redirect.

use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::gate::Destination;
use std::net::SocketAddr;

checks! {
    ADDRESS "app-address":
        "the gate redirects a check to the first address of the interface that it comes in by, and one \
         from this host to loopback: an app that listens elsewhere is not reached";
}

/// The facts about a gate's destination.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    /// The destination of the app's gates.
    pub to: Destination,
    /// The addresses that something listens on there, if it is a port of this host.
    pub bound: Vec<SocketAddr>,
    /// The lines whose gates are open, as HAProxy shows them.
    pub through: Vec<Through>,
    /// The addresses that rules redirect the app's port to.
    pub published: Vec<Published>,
    /// The kernel takes packets there: it forwards them, or the address is this host's own.
    pub is_forwarded: bool,
    /// The app is healthy, as seen from here.
    pub is_well: bool,
}

/// A line whose checks come through an open gate.
#[derive(Debug, Clone)]
pub(crate) struct Through {
    /// `BACKEND/SERVER`
    pub line: String,
    pub is_v4: bool,
    /// Its address is a loopback address: HAProxy runs here.
    pub is_loopback: bool,
    /// It is UP.
    pub is_up: bool,
    /// How its last check ended, in HAProxy's word, if it is DOWN.
    pub down: Option<String>,
}

/// An address that a rule redirects the app's port to: a container publishes its port so.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub to: SocketAddr,
    /// The app's health there.
    pub health: Result<(), String>,
}

impl Reached {
    /// Nothing listens, and no rule redirects the app's port to another place.
    pub(in crate::doctor) fn is_stopped(&self) -> bool {
        let is_here = self.to.address().is_none();
        is_here && self.bound.is_empty() && self.published.is_empty()
    }

    /// The published address that answers, or else the first one.
    fn best(&self) -> Option<&Published> {
        let mut published = self.published.iter();
        let well = published.find(|one| one.health.is_ok());
        well.or(self.published.first())
    }

    fn line(&self, down: &str) -> Option<&Through> {
        let is_it = |one: &&Through| one.down.as_deref() == Some(down);
        self.through.iter().find(is_it)
    }
}

pub(in crate::doctor) fn point(table: &str, reached: &Reached) -> Point {
    match reached.to {
        Destination::Port(port) => here(table, reached, port),
        Destination::Address(to) => elsewhere(table, reached, to),
    }
}

fn here(table: &str, reached: &Reached, port: u16) -> Point {
    let bound: Vec<String> = reached.bound.iter().map(SocketAddr::to_string).collect();
    let found = match bound.is_empty() {
        true => format!("nothing listens on port {port}"),
        false => format!("listens on {}", bound.join(", ")),
    };
    let is_up = reached.through.iter().any(|one| one.is_up);
    let everywhere = reached.bound.iter().any(|at| at.ip().is_unspecified());
    let bind = format!("bind the app to 0.0.0.0:{port} or [::]:{port}");
    match reached.line("L4CON") {
        _ if is_up => ADDRESS.ok(format!(
            "{found}; HAProxy's checks reach it through the gate"
        )),
        _ if bound.is_empty() => published(table, reached, &found),
        None if everywhere => ADDRESS.unseen(format!(
            "{found}; no line is UP that shows whether a gate reaches it"
        )),
        None => ADDRESS.warning(
            format!("{found} alone; a line that is UP will show whether a gate reaches that"),
            bind,
        ),
        Some(refused) if !everywhere => ADDRESS.error(
            format!(
                "{found} alone, and {} is refused through the open gate (L4CON)",
                refused.line
            ),
            bind,
        ),
        Some(refused) => through_everywhere(reached, refused, port, &found),
    }
}

/// A check is refused although the app listens on all addresses.
fn through_everywhere(reached: &Reached, refused: &Through, port: u16, found: &str) -> Point {
    let line = &refused.line;
    // A listener on `::` also accepts IPv4, unless it asked for IPv6 only.
    let is_v6 = reached.bound.iter().all(SocketAddr::is_ipv6);
    match is_v6 && refused.is_v4 && !reached.is_well {
        true => ADDRESS.warning(
            format!("{found}, for IPv6 alone as it seems: {line} is refused"),
            format!("bind the app to 0.0.0.0:{port} as well"),
        ),
        false => ADDRESS.warning(
            format!("{found}, and {line} is refused through the open gate (L4CON)"),
            "is a firewall before that port, or connection tracking off for it (`notrack`)? nft list ruleset",
        ),
    }
}

/// A container's port, for example, that Docker publishes without its proxy.
fn published(table: &str, reached: &Reached, found: &str) -> Point {
    let Some(Published { to, health }) = reached.best() else {
        return ADDRESS.error(
            format!(
                "{found}, and the app answers: a rule redirects that port, and what a gate has \
                 redirected meets no other rule"
            ),
            Fix::paste(
                format!("in [{table}], of the service that answers"),
                "gate_to = \"ADDRESS:PORT\"",
            ),
        );
    };
    let health = match health {
        Ok(()) => "the app is healthy there".to_owned(),
        Err(why) => format!("not healthy there: {why}"),
    };
    ADDRESS.error(
        format!(
            "{found}: a rule redirects it to {to} ({health}), and what a gate has redirected meets no \
             other rule"
        ),
        gate_to(table, *to),
    )
}

/// The line of the configuration. Docker gives a container an address anew at each start.
fn gate_to(table: &str, to: SocketAddr) -> Fix {
    Fix::paste(format!("in [{table}]"), format!("gate_to = \"{to}\""))
        .and("and give a container a fixed address: docker run --ip")
}

/// A gate to an address: a container's, mostly.
fn elsewhere(table: &str, reached: &Reached, to: SocketAddr) -> Point {
    let (ip, port) = (to.ip(), to.port());
    let moved = reached.published.iter().map(|one| one.to);
    let moved: Vec<SocketAddr> = moved.filter(|at| at.port() == port).collect();
    let family = if to.is_ipv4() { "IPv4" } else { "IPv6" };
    let other = reached
        .through
        .iter()
        .find(|line| line.is_v4 != to.is_ipv4());
    match () {
        // Another container may have the address now, and answer.
        () if !moved.is_empty() && !moved.contains(&to) => ADDRESS.error(
            format!("gate_to is {to}, and a rule redirects the app's port to {} now", moved[0]),
            gate_to(table, moved[0]),
        ),
        () if reached.through.iter().any(|line| line.is_up) => {
            ADDRESS.ok(format!("HAProxy's checks reach {to} through the gate"))
        }
        () if !reached.is_forwarded => ADDRESS.error(
            format!("this host forwards no {family}: no check of another host gets to {to}"),
            match to.is_ipv4() {
                true => "sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d",
                false => "sysctl -w net.ipv6.conf.all.forwarding=1, and in /etc/sysctl.d",
            },
        ),
        () => match (other, reached.line("L4TOUT"), reached.line("L4CON")) {
            (Some(Through { line, .. }), ..) => ADDRESS.error(
                format!("{line} is not checked over {family}: no check of it is redirected to {to}"),
                format!("an {family} address of this host on the line of {line}, or another gate_to"),
            ),
            // The source of such a check is 127.0.0.1, and the kernel lets it go nowhere else.
            (_, Some(Through { line, is_loopback: true, .. }), _) => ADDRESS.error(
                format!("{line} is checked at a loopback address: its checks can't leave this host"),
                format!("on the line of {line}: another address of this host"),
            ),
            (_, Some(Through { line, .. }), _) => ADDRESS.error(
                format!("the checks of {line} are lost on the way to {to} or back (L4TOUT)"),
                format!(
                    "iptables -I FORWARD -d {ip} -p tcp --dport {port} -j ACCEPT (with Docker, in the \
                     chain DOCKER-USER); and its answers must come back through this host"
                ),
            ),
            (_, _, Some(Through { line, .. })) => ADDRESS.error(
                format!("{line} is refused through the open gate (L4CON): nothing listens on {to}"),
                format!("start it, or correct `gate_to` in [{table}]"),
            ),
            _ => ADDRESS.unseen(format!("no line is UP that shows whether a gate reaches {to}")),
        },
    }
}

#[cfg(test)]
impl Reached {
    /// An app on port 1000 that listens on these addresses.
    pub(in crate::doctor) fn of(bound: &[&str], through: &[Through]) -> Reached {
        Reached {
            to: Destination::Port(1000),
            bound: bound.iter().map(|at| at.parse().unwrap()).collect(),
            through: through.to_vec(),
            published: Vec::new(),
            is_forwarded: true,
            is_well: true,
        }
    }
}

/// A line as HAProxy shows it: `UP`, or `DOWN L4CON`.
#[cfg(test)]
pub(in crate::doctor) fn through(status: &str) -> Vec<Through> {
    vec![Through {
        line: "srvs/web1".into(),
        is_v4: true,
        is_loopback: false,
        is_up: status == "UP",
        down: status.strip_prefix("DOWN ").map(str::to_owned),
    }]
}

#[cfg(test)]
mod tests;
