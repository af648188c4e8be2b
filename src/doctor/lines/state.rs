//! Checks the state of our lines in HAProxy: checked, fully UP, not in slow start.

use super::facts::Lines;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::gate::Position;
use crate::haproxy::{Listed, Own, Role, Status};

checks! {
    UP "fully-up": "users come to lines that are UP, and a restart ends when they are fully UP again";
    SLOW "slow-start":
        "in slow start a server gets less than its share: a restart waits for its end, within \
         timeouts.in_rotation";
}
pub(super) fn points(lines: &Lines, backend: &str) -> Vec<Point> {
    let own = lines.own(backend, |_| true);
    let pairs = own.filter_map(|own| Some((own, lines.seen.listed(own)?)));
    let pairs: Vec<(&Own, &Listed)> = pairs.collect();
    let mut points: Vec<Point> = pairs
        .iter()
        .map(|(own, listed)| up(lines, own, listed))
        .collect();
    let slow = pairs
        .iter()
        .filter_map(|(own, listed)| slow(lines, own, listed));
    let of = format!("{} {backend}", lines.balancer);
    points.extend(SLOW.or_ok(slow.collect(), &of, "no slow start is under way"));
    points
}

fn slow(lines: &Lines, own: &Own, listed: &Listed) -> Option<Point> {
    let found = format!("is in slow start, at {} %", listed.throttle?);
    let fix = format!(
        "wait for its end; timeouts.in_rotation in [app.{}] is to be longer than `slowstart`",
        lines.app
    );
    Some(SLOW.warning(&lines.of(own), found, fix))
}

fn up(lines: &Lines, own: &Own, listed: &Listed) -> Point {
    let of = lines.of(own);
    let status = &listed.stat.status;
    let word = listed
        .check
        .as_ref()
        .map_or("", |check| check.status.word());
    let gate = match own.role {
        Role::Main => lines.gates[0].as_ref(),
        Role::Twin => lines.gates[1].as_ref(),
        Role::ClassicTwin => Some(&Position::Open),
    };
    let closed = gate == Some(&Position::Closed);
    match status {
        _ if status.is_held() => UP.warning(
            &of,
            format!("is {status}: an operator holds it out, and its UP is not waited for"),
            format!(
                "on the balancer: set server {}/{} state ready",
                own.backend, own.server
            ),
        ),
        Status::NoCheck => UP.ok(&of, "is taken for UP"),
        Status::Down(_) if closed => UP.ok(&of, format!("is {status}, as its gate is closed")),
        Status::Up if listed.stat.proven && !closed => UP.ok(&of, format!("is UP ({word})")),
        _ if lines.under_way => UP.warning(
            &of,
            format!("is {status} ({word}): an operation is under way"),
            format!("after it (agent status {}), again: agent doctor", lines.app),
        ),
        _ if closed => UP.error(
            &of,
            format!("is {status} although its gate is closed: something else answers its check"),
            "stop what foreign-rule and status-port name, else a proxy on the way answers; or, if it was closed \
             this moment, again: agent doctor",
        ),
        Status::Up | Status::UpUnproven(_) => UP.warning(
            &of,
            format!("is {status}, not yet fully proven ({word})"),
            "wait for its next checks, then again: agent doctor",
        ),
        _ => UP.error(
            &of,
            match gate {
                Some(Position::Open) => {
                    format!("is {status} ({word}) although its gate is open")
                }
                _ => format!("is {status} ({word})"),
            },
            down(lines, word),
        ),
    }
}

/// The fix for a line that is DOWN, by the result of its last check. The INPUT chain sees the port
/// that the gate redirects to.
fn down(lines: &Lines, word: &str) -> String {
    let (port, status_port) = (lines.ports.port, lines.ports.status_port);
    match word {
        "L4TOUT" => format!(
            "let HAProxy through to the app's port in the firewall that drops it, here or on the way (there: \
             {status_port}), as here: iptables -I INPUT -p tcp --dport {port} -j ACCEPT"
        ),
        "L4CON" => {
            "fix what app-address and app-health name; else a firewall refuses it".to_owned()
        }
        _ => format!(
            "the app answers the check otherwise than HAProxy expects (`option httpchk`, `http-check expect`): \
             curl -i http://ADDRESS:{port}/"
        ),
    }
}
