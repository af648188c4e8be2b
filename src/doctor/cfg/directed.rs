//! Checks where the rules of a backend send its checks. A `connect` rule with `port` or `addr` counts
//! before the words of the lines, and no stats socket shows it.

use super::expected::Expected;
use super::judged::names;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::haproxy::cfg::checks::{Checks, Target};
use crate::haproxy::cfg::ours::{Ours, Placed};
use crate::haproxy::cfg::rules::Connect;
use crate::haproxy::cfg::server::Server;

checks! {
    DIRECTED "cfg-check-port":
        "a `connect` rule with `port` or `addr` counts before the words of the lines: a gate moves only checks \
         that go to its status port";
}

pub(crate) fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    let checks = Checks::of(&ours.proxy.settings);
    if !checks.have_place() {
        return Vec::new();
    }
    let judge = |line: &Placed<'_>| judged(&checks, line, expected);
    let of = |fault: Fault| {
        let wrong = ours.lines.iter().filter(|line| judge(line) == Some(fault));
        let lines: Vec<&Server> = wrong.map(|line| line.server).collect();
        let names = names(lines.iter().copied())?;
        Some(point(ours, &checks, fault, lines[0], &names))
    };
    let faults = [Fault::Elsewhere, Fault::Unknown, Fault::Hidden];
    let wrong = faults.into_iter().filter_map(of);
    DIRECTED.or_ok(wrong, "the `connect` rules check what the gates open")
}

/// What is wrong with the checks of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// They go elsewhere, or to the gate of the other line, too.
    Elsewhere,
    /// They go to a port that the file does not show.
    Unknown,
    /// They go to their gate, but only by the rule: HAProxy does not show which line that is.
    Hidden,
}

fn judged(checks: &Checks, line: &Placed<'_>, expected: &Expected<'_>) -> Option<Fault> {
    let (ports, server) = (expected.ports, line.server);
    let (own, other) = match line.is_main {
        true => (Some(ports.status_port), ports.backup_status_port),
        false => (ports.backup_status_port, Some(ports.status_port)),
    };
    let targets = || {
        checks
            .connects
            .iter()
            .map(|one| Checks::target(one, server))
    };
    let meets = |port: Option<u16>| {
        let is_it = |target: Target<'_>| target.host == server.host && target.port == port;
        port.is_some() && targets().any(is_it)
    };
    let unknown = targets().any(|target| target.port.is_none());
    // A classic twin has no gate.
    let wanted = own.unwrap_or(ports.port);
    match (meets(Some(wanted)), meets(other)) {
        (_, true) => Some(Fault::Elsewhere),
        (false, _) if unknown => Some(Fault::Unknown),
        (false, _) => Some(Fault::Elsewhere),
        (true, _) if own.is_some() && server.checked() != own => Some(Fault::Hidden),
        (true, _) => None,
    }
}

fn point(ours: &Ours<'_>, checks: &Checks, fault: Fault, first: &Server, names: &str) -> Point {
    let word = checks.rule();
    let placed = |connect: &&Connect| connect.has_place();
    let rule = checks.connects.iter().find(placed);
    let rule = rule.map_or((String::new(), String::new()), |rule| {
        (rule.text(true), rule.text(false))
    });
    let (now, then) = (format!("{word}{}", rule.0), format!("{word}{}", rule.1));
    let from = match checks.inherited {
        true => format!("the `defaults` of {}", ours.proxy.name),
        false => format!("{} {}", ours.proxy.kind, ours.proxy.name),
    };
    let fix = Fix::paste(format!("in {from}, in place of `{now}`"), then);
    match fault {
        Fault::Elsewhere => {
            let goes = format!("`{now}` sends the checks of {names} to {}", place(checks, first));
            DIRECTED.error(format!("{goes}, whatever `port` their lines have"), fix)
        }
        Fault::Unknown => {
            let found = format!("`{now}`: the file does not show which port of {names} it checks");
            DIRECTED.warning(found, fix)
        }
        Fault::Hidden => DIRECTED.error(
            format!(
                "only `{now}` has the port of the gate: HAProxy's stats socket does not show it, and the \
                 agent does not find {names}"
            ),
            fix.and(format!("and on the line of {names}: `port`, with that port")),
        ),
    }
}

/// The places that the rules name for this line.
fn place(checks: &Checks, server: &Server) -> String {
    let placed = checks.connects.iter().filter(|one| one.has_place());
    let targets = placed.map(|one| Checks::target(one, server));
    let places = targets.map(|target| {
        let port = target.port.map_or("?".to_owned(), |port| port.to_string());
        match target.host == server.host {
            true => format!("port {port}"),
            false => format!("{} port {port}", target.host),
        }
    });
    places.collect::<Vec<_>>().join(" and ")
}
