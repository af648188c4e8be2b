//! How HAProxy shows our lines now: checked, fully UP, not in slow start.

use super::Lines;
use crate::doctor::Point;
use crate::doctor::check::Check;
use crate::doctor::firewall::{Packet, program};
use crate::gate::Position;
use crate::haproxy::{Listed, Own, Role, Status};

const CHECKS: Check = Check {
    name: "checks",
    why: "a line without checks is UP whatever the gate says: the host can't be taken out",
};
const UP: Check = Check {
    name: "fully-up",
    why: "users come to lines that are UP, and a restart ends when they are fully UP again",
};
const SLOW: Check = Check {
    name: "slow-start",
    why: "in slow start a server gets less than its share: a restart waits for its end, within \
          timeouts.in_rotation",
};
const FALL: Check = Check {
    name: "fall",
    why: "with `fall 1` one lost packet takes a server out of rotation",
};

pub(super) fn points(lines: &Lines, backend: &str) -> Vec<Point> {
    let of = format!("{} {backend}", lines.balancer);
    let own = lines.own(backend, |_| true);
    let pairs: Vec<(&Own, &Listed)> = own
        .filter_map(|own| Some((own, lines.seen.listed(own)?)))
        .collect();
    let each = |judge: &dyn Fn(&Own, &Listed) -> Option<Point>| -> Vec<Point> {
        pairs
            .iter()
            .filter_map(|(own, listed)| judge(own, listed))
            .collect()
    };
    let or_ok = |wrong: Vec<Point>, check: &Check, well: &str| match wrong.is_empty() {
        true => vec![check.ok(&of, well)],
        false => wrong,
    };
    let up = each(&|own, listed| Some(up(lines, own, listed)));
    [
        or_ok(
            each(&|own, listed| unchecked(lines, own, listed)),
            &CHECKS,
            "all its lines are checked",
        ),
        up,
        or_ok(
            each(&|own, listed| slow(lines, own, listed)),
            &SLOW,
            "no slow start is under way",
        ),
        or_ok(
            each(&|own, listed| hasty(lines, own, listed)),
            &FALL,
            "more than one check decides",
        ),
    ]
    .concat()
}

fn unchecked(lines: &Lines, own: &Own, listed: &Listed) -> Option<Point> {
    let port = match own.role {
        Role::Main => format!(" port {}", lines.ports.status_port),
        Role::Twin => lines
            .ports
            .backup_status_port
            .map_or(String::new(), |port| format!(" port {port}")),
        Role::ClassicTwin => String::new(),
    };
    let mend = format!("add `check{port}` to the line of {}", own.server);
    (listed.stat.status == Status::NoCheck)
        .then(|| CHECKS.error(&lines.of(own), "has no check", mend))
}

fn slow(lines: &Lines, own: &Own, listed: &Listed) -> Option<Point> {
    let found = format!("is in slow start, at {} %", listed.throttle?);
    let mend = format!(
        "wait for its end; timeouts.in_rotation in [app.{}] is to be longer than `slowstart`",
        lines.app
    );
    Some(SLOW.warning(&lines.of(own), found, mend))
}

fn hasty(lines: &Lines, own: &Own, listed: &Listed) -> Option<Point> {
    let fall = listed.check.as_ref()?.fall;
    let found = format!("goes DOWN after {fall} failed check");
    let mend = format!(
        "`fall 2` on the line of {}, or in default-server",
        own.server
    );
    (fall == 1).then(|| FALL.warning(&lines.of(own), found, mend))
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
            format!("is {status}: somebody holds it out, and its UP is not waited for"),
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
            "look for a redirect that is not ours: nft list ruleset; or, if it was closed this \
             moment, again: agent doctor",
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
            down(lines, own, word),
        ),
    }
}

/// By how its last check ended.
fn down(lines: &Lines, own: &Own, word: &str) -> String {
    let port = lines.ports.port;
    match word {
        "L4TOUT" => dropped(lines, own),
        "L4CON" => {
            "mend what is told of app-address and app-health; else a firewall refuses it".to_owned()
        }
        _ => format!(
            "the app answers the check otherwise than HAProxy expects (`option httpchk`, \
                      `http-check expect`): curl -i http://ADDRESS:{port}/"
        ),
    }
}

/// INPUT sees the port that the redirect leads to.
fn dropped(lines: &Lines, own: &Own) -> String {
    let packet = Packet {
        port: lines.ports.port,
        to: own.address.map(|address| address.ip()),
        from: None,
        interface: None,
    };
    let Some(filters) = lines.filters else {
        return format!("as root: agent doctor {}", lines.app);
    };
    filters.let_in(&packet).unwrap_or_else(|| {
        format!(
            "nothing on this host drops it: let HAProxy through to port {} on the way, as here: \
             {} -I INPUT -p tcp --dport {} -j ACCEPT",
            lines.ports.status_port,
            program(packet.is_v6()),
            packet.port
        )
    })
}
