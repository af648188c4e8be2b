//! Checks the state of our lines in HAProxy: checked, fully UP, not in slow start.

use super::facts::Lines;
use crate::app::HealthCheck;
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::doctor::fix::Fix;
use crate::gate::{Destination, Position};
use crate::haproxy::{Listed, Own, Role, Status};
use crate::text::shell_line;

checks! {
    UP "fully-up": "users come to lines that are UP, and a restart ends when they are fully UP again";
    SLOW "slow-start":
        "in slow start a server gets less than its share: a restart waits for its end, within \
         timeouts.in_rotation";
}

const ANSWERED: &str = "stop what foreign-rule and status-port name; else a proxy on the way answers, or HAProxy's \
     own rules send the check elsewhere: --haproxy-cfg FILE shows it. If the gate was closed this moment, again: \
     agent doctor";

pub(super) fn points(lines: &Lines, backend: &str) -> Vec<Point> {
    let (mut points, mut slow) = (Vec::new(), Vec::new());
    for own in lines.own(backend) {
        if let Some(listed) = lines.seen.listed(own) {
            points.extend(about(&lines.of(own), up(lines, own, listed)));
            slow.extend(about(&lines.of(own), starting(lines, listed)));
        }
    }
    let slow = SLOW.or_ok(slow, "no slow start is under way");
    points.extend(about(&format!("{} {backend}", lines.balancer), slow));
    points
}

fn starting(lines: &Lines, listed: &Listed) -> Option<Point> {
    let found = format!("is in slow start, at {} %", listed.throttle?);
    let fix = format!(
        "wait for its end; timeouts.in_rotation in [app.{}] must be longer than `slowstart`",
        lines.app
    );
    Some(SLOW.warning(found, fix))
}

/// None: the line has no check that could show its state, which `checks` reports.
fn up(lines: &Lines, own: &Own, listed: &Listed) -> Option<Point> {
    let (status, backup) = (&listed.stat.status, listed.stat.backup);
    let word = listed.check.as_ref();
    let word = word.map_or("", |check| check.status.word());
    let gate = gate(lines, own);
    let closed = gate == Some(&Position::Closed);
    let kept = status.kept_out(&format!("{}/{}", own.backend, own.server));
    Some(match status {
        _ if status.word() == "UP" && listed.stat.proven && !closed => UP.ok(format!("is {status} ({word})")),
        // Its check fails at a closed gate, and HAProxy shows that unless the line is in MAINT.
        _ if let Some(kept) = &kept && status.is_held(backup) && (!closed || status.is_maint()) => UP.warning(
            format!("is {status}: {}, and the agent does not wait for its UP", kept.by),
            Fix::from(&kept.fix),
        ),
        Status::NoCheck => return None,
        // Without a gate of its own its twin shows whether the target runs.
        Status::Down(_) if lines.is_idle && own.role == Role::ClassicTwin => {
            UP.ok(format!("is {status}, as its target is idle"))
        }
        Status::Down(_) if closed => UP.ok(format!("is {status}, as its gate is closed")),
        _ if lines.under_way => UP.warning(
            format!("is {status} ({word}): an operation is under way"),
            Fix::paste(format!("after it (agent status {}), again", lines.app), "agent doctor"),
        ),
        _ if closed => UP.error(
            format!("is {status} although its gate is closed: its check gets an answer, and not from the gate"),
            ANSWERED,
        ),
        _ if status.is_up() => UP.warning(
            format!("is {status}, not yet fully proven ({word})"),
            Fix::paste("wait for its next checks, then again", "agent doctor"),
        ),
        _ => {
            let fix = kept.map_or_else(|| down(lines, word), |kept| kept.fix.into());
            UP.error(not_up(status, word, gate), fix)
        }
    })
}

fn not_up(status: &Status, word: &str, gate: Option<&Position>) -> String {
    let open = match gate {
        Some(Position::Open) => " although its gate is open",
        _ => "",
    };
    format!("is {status} ({word}){open}")
}

/// The position of the line's gate. The twin of the classic layout has none, which is as good as open.
fn gate<'a>(lines: &Lines<'a>, own: &Own) -> Option<&'a Position> {
    match own.role {
        Role::Main => lines.gates.map(|gates| &gates.main),
        Role::Twin => lines.gates.and_then(|gates| gates.twin.as_ref()),
        Role::ClassicTwin => Some(&Position::Open),
    }
}

/// The fix for a line that is DOWN, by the result of its last check. The chains of the firewall see
/// the destination that the gate redirects to.
fn down(lines: &Lines, word: &str) -> Fix {
    let status_port = lines.ports.status_port;
    match word {
        "L4TOUT" => Fix::paste(
            format!(
                "let HAProxy through to the app's port in the firewall that drops it, here or on the way \
                 (there: {status_port}), as here"
            ),
            accept(lines.to),
        ),
        "L4CON" => "fix what app-address and app-health name; else a firewall refuses it".into(),
        _ => Fix::paste(
            "the app's answer is not the one that HAProxy expects (`option httpchk`, `http-check expect`)",
            curl(lines.to, lines.check),
        ),
    }
}

/// The kernel forwards what goes to another address.
fn accept(to: Destination) -> String {
    let port = to.port();
    match to.address().map(|to| to.ip()) {
        None => format!("iptables -I INPUT -p tcp --dport {port} -j ACCEPT"),
        Some(ip) => {
            let program = if ip.is_ipv4() {
                "iptables"
            } else {
                "ip6tables"
            };
            format!("{program} -I FORWARD -d {ip} -p tcp --dport {port} -j ACCEPT")
        }
    }
}

/// The request of the agent's own health check, which is mostly that of HAProxy, too.
fn curl(to: Destination, check: &HealthCheck) -> String {
    let (path, host, by_tls) = match check {
        HealthCheck::Http {
            path, host, tls, ..
        } => (path.as_str(), host.as_ref(), tls.is_some()),
        HealthCheck::Tcp | HealthCheck::Command(_) => ("/", None, false),
    };
    let (flags, scheme) = if by_tls {
        ("-ik", "https")
    } else {
        ("-i", "http")
    };
    let at = to.address().map_or_else(
        || format!("ADDRESS:{}", to.port()),
        |address| address.to_string(),
    );
    let url = format!("{scheme}://{at}{path}");
    let host = host.map(|host| format!("Host: {host}"));
    let header = host.iter().flat_map(|host| ["-H", host.as_str()]);
    shell_line(
        ["curl", flags]
            .into_iter()
            .chain(header)
            .chain([url.as_str()]),
    )
}
