//! Checks an app's gates: their positions, other rules and processes on their ports, holds, and
//! unfinished operations.

use super::Point;
use super::check::{Check, about, checks};
use crate::gate::{Foreign, Gate, Position, SHOW_NFT, Taken};
use crate::haproxy::Role;
use crate::restart::PerGate;

checks! {
    GATE "gate": "HAProxy's check goes through the gate: an open gate puts the host in rotation, a closed one takes it out";
    FOREIGN "foreign-rule":
        "another rule that redirects HAProxy's check makes a closed gate useless: the host stays in \
         rotation";
    STATUS_PORT "status-port":
        "a listener on a status port answers HAProxy's check while the gate is closed: the host never goes out \
         of rotation";
    RESERVED "reserved-port":
        "a process that binds a status port can listen there once the gate is closed, and HAProxy takes a \
         host for UP whose app restarts: the sidecar, or else each operation, reserves it";
    UNFINISHED "unfinished": "an operation that was killed has left the host as it was in that moment";
    HELD "held": "a hold keeps the gates closed until the operator ends it, also over reboots";
    LAYOUT "layout":
        "in the classic layout the twin stays UP until the app has stopped: the first request of each \
         sticky user then waits for HAProxy's retries, 1 to 3 s";
}

/// The fix for a rule of another program. It deletes nothing, because that program may need it.
const POSSIBLE: &str = "where HAProxy's checks match it, let them return before it; the next \
                        close shows whether they do";

/// The facts about an app's gates.
#[derive(Debug, Clone)]
pub(crate) struct Gates {
    pub app: String,
    /// The app and its target: `web/green`.
    pub label: String,
    /// Its table in the configuration: `app.web.target.green`.
    pub table: String,
    /// Whether its target is current, as of an app without targets. None: that is not known.
    pub is_current: Option<bool>,
    pub gates: PerGate<GateFacts>,
    /// An unfinished operation.
    pub unfinished: Option<String>,
    /// The hold that keeps the gates closed.
    pub held: Option<String>,
    /// It is that of a maintenance.
    pub maintenance: bool,
    /// An operation on this app is under way, and moves its gates.
    pub under_way: bool,
    /// The sidecar runs, and repairs the gates.
    pub sidecar: bool,
    /// HAProxy shows a twin that checks the app itself.
    pub has_classic_twin: bool,
    /// A port for the twin's gate that no app of this configuration uses.
    pub free_port: u16,
}

/// The first free port in the thousand after the status port's: 3000 for 2000.
pub(crate) fn free_port(status_port: u16, taken: &[u16]) -> u16 {
    let first = status_port.checked_add(1000).unwrap_or(1024);
    let mut ports = (first..=u16::MAX).chain(1024..first);
    ports.find(|port| !taken.contains(port)).unwrap_or(first)
}

/// The facts about one gate.
#[derive(Debug, Clone)]
pub(crate) struct GateFacts {
    pub gate: Gate,
    pub position: Position,
    /// Rules of other programs.
    pub foreign: Vec<Foreign>,
    /// The foreign rules that did not match the checks at the last close.
    pub disproved: Vec<String>,
    /// Why native rules can't be read.
    pub native: Result<(), String>,
    /// The processes that listen on the status port.
    pub listeners: Vec<String>,
    /// Which process has the status port. None if it can be bound.
    pub taken: Option<Taken>,
}

pub(super) fn points(gates: &Gates) -> Vec<Point> {
    let mut points = Vec::new();
    for seen in gates.gates.iter() {
        points.push(position(gates, seen));
        points.extend(foreign(seen));
        points.extend(listening(&gates.table, seen));
        points.extend(reserved(gates, seen));
    }
    points.extend(layout(gates));
    let points = about(&gates.label, points);
    points
        .into_iter()
        .chain(about(&gates.app, of_app(gates)))
        .collect()
}

/// The points about the whole app, the same for each of its targets.
fn of_app(gates: &Gates) -> Vec<Point> {
    let unfinished = gates.unfinished.iter();
    let recover = || format!("agent recover {}", gates.app);
    let unfinished = unfinished.map(|what| UNFINISHED.warning(what, recover()));
    let mut points = UNFINISHED.or_ok(unfinished, "no operation is unfinished");
    points.push(held(gates));
    points
}

/// The points of another user than root.
pub(super) fn unseen(app: &str) -> Vec<Point> {
    let unseen = [
        (&GATE, "whether its gates are open"),
        (&FOREIGN, "which rules redirect its status ports"),
        (&UNFINISHED, "whether an operation is unfinished"),
        (&HELD, "whether a hold keeps its gates closed"),
    ];
    let points = unseen.map(|(check, what)| check.unseen(format!("{what}: unknown: needs root")));
    about(app, points)
}

fn position(gates: &Gates, seen: &GateFacts) -> Point {
    let (app, said) = (&gates.app, format!("{} is {}", seen.gate, seen.position));
    let fix = match gates.sidecar {
        true => {
            format!("the sidecar opens it once the app is healthy; at once: agent recover {app}")
        }
        // The point `sidecar` names the unit, where the host has one.
        false => format!("agent recover {app}"),
    };
    match (&seen.position, &gates.held) {
        (Position::Closed, _) if gates.is_current == Some(false) => {
            GATE.ok(format!("{said}, because the target is idle"))
        }
        (Position::Open, None) if gates.is_current == Some(true) => GATE.ok(said),
        // The operation closes gates, and may have set only one address family yet.
        _ if gates.under_way => GATE.unseen(format!("{said}: an operation is under way")),
        (Position::Open, _) if gates.is_current == Some(false) => GATE.error(
            format!("{said}, although another target is current: HAProxy sends users to both"),
            format!("agent recover {app}"),
        ),
        // The point `current-target` names the reason.
        (Position::Open | Position::Closed, None) if gates.is_current.is_none() => {
            GATE.unseen(format!("{said}: the current target is unknown"))
        }
        (Position::Open, None) => GATE.ok(said),
        (Position::Closed, Some(_)) => GATE.ok(format!("{said}, as expected")),
        (Position::Open, Some(_)) if gates.maintenance => GATE.error(
            format!("{said}, although maintenance is on: users meet the app"),
            format!("agent maintenance on {app}"),
        ),
        (Position::Open, Some(_)) => GATE.warning(
            format!("{said}, but held closed"),
            format!("to keep it closed: agent close {app}; to end the hold: agent open {app}"),
        ),
        (Position::Closed, None) => {
            GATE.warning(format!("{said} unexpectedly: no hold explains it"), fix)
        }
        (Position::Unknown(_), _) => GATE.unseen(said),
        (Position::Broken(_), _) => GATE.error(said, format!("agent recover {app}")),
    }
}

fn foreign(seen: &GateFacts) -> Vec<Point> {
    let port = seen.gate.status_port;
    let point = |Foreign { rule, removal }: &Foreign| {
        let found = |does: &str| format!("a rule that is not ours {does} port {port}: {rule}");
        match removal {
            Some(removal) => FOREIGN.error(found("redirects"), removal),
            None if seen.disproved.contains(rule) => FOREIGN.ok(format!(
                "{}; at the last close it did not",
                found("may redirect")
            )),
            None => FOREIGN.warning(found("may redirect"), POSSIBLE),
        }
    };
    let native = seen.native.as_ref().err().map(|why| {
        let found = format!("whether native rules redirect port {port} is not known: {why}");
        FOREIGN.warning(found, SHOW_NFT)
    });
    let points = seen.foreign.iter().map(point).chain(native);
    FOREIGN.or_ok(
        points,
        format!("no rule of a nat table but ours redirects port {port}"),
    )
}

fn listening(table: &str, seen: &GateFacts) -> Vec<Point> {
    let port = seen.gate.status_port;
    let key = match seen.gate.role {
        Role::Main => "status_port",
        Role::Twin | Role::ClassicTwin => "backup_status_port",
    };
    let fix = format!("stop it, or take another {key} for [{table}] (and in HAProxy)");
    let found = |who: &String| format!("status port {port}: {who} listens");
    let points = seen.listeners.iter();
    let points = points.map(|who| STATUS_PORT.error(found(who), &fix));
    STATUS_PORT.or_ok(points, format!("status port {port}: nothing listens there"))
}

/// A status port that another process has. None if a process listens there: that is an error of
/// its own.
fn reserved(gates: &Gates, seen: &GateFacts) -> Option<Point> {
    let port = seen.gate.status_port;
    let said = |what: &str| format!("status port {port}: {what}");
    Some(match &seen.taken {
        Some(Taken::Listening) => return None,
        Some(Taken::Reserved(who)) => RESERVED.ok(said(&format!("reserved by {who}"))),
        Some(Taken::Bound(who)) => RESERVED.error(
            said(&format!("bound by {}", who.join(", "))),
            "stop it: `agent restart` and `agent close` refuse until then",
        ),
        Some(Taken::Passing(who)) => RESERVED.warning(
            said(&format!(
                "not reserved: it is the source port of {}",
                who.join(", ")
            )),
            format!("add {port} to the sysctl net.ipv4.ip_local_reserved_ports, in /etc/sysctl.d"),
        ),
        Some(Taken::Denied(why)) => RESERVED.warning(
            said(&format!("can't be reserved: {why}")),
            "run it as root; for ports below 1024 in a sandbox: CAP_NET_BIND_SERVICE",
        ),
        None if gates.sidecar => RESERVED.warning(
            said("the sidecar has not reserved it"),
            "systemctl reload haproxy-gate",
        ),
        None => RESERVED.ok(said("free, each operation reserves it")),
    })
}

fn held(gates: &Gates) -> Point {
    match &gates.held {
        None => HELD.ok("no hold keeps the gates closed"),
        Some(who) if gates.maintenance => HELD.warning(
            format!("maintenance is on, so users meet the page: {who}"),
            format!("agent maintenance off {}", gates.app),
        ),
        Some(who) => HELD.warning(
            format!("the gates are held closed by {who}"),
            format!("agent open {}", gates.app),
        ),
    }
}

/// The configuration alone does not show the layout: an app without a gate for the twin may have no twin.
/// A twin that does not check its gate is a `check-port`.
fn layout(gates: &Gates) -> Option<Point> {
    let (table, port) = (&gates.table, gates.free_port);
    let fix = format!(
        "backup_status_port = {port} in [{table}], and `port {port}` on the twin's server line"
    );
    let is_classic = gates.gates.twin.is_none() && gates.has_classic_twin;
    is_classic.then(|| LAYOUT.warning("classic: the twin checks the app itself", fix))
}

#[cfg(test)]
mod tests;
