//! What single lines do to a restart.

use super::Expected;
use super::ours::{Ours, names};
use super::rhythm::Rhythm;
use crate::doctor::Point;
use crate::doctor::check::Check;
use crate::haproxy::cfg::server::Server;
use crate::haproxy::cfg::time::seconds;

const DOWN: Check = Check {
    name: "cfg-marked-down",
    why: "it kills the requests in flight as soon as the gate is closed",
};
const UP: Check = Check {
    name: "cfg-marked-up",
    why: "it kills the sessions on every twin as soon as one main line is back",
};
const SLOW: Check = Check {
    name: "cfg-slowstart",
    why: "a restart is done when slow start is over, and timeouts.in_rotation has to cover it",
};

pub fn points(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Vec<Point> {
    vec![
        marked_down(ours),
        marked_up(ours),
        slowstart(ours, spread, expected),
    ]
}

fn marked_down(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let kills = ours
        .all()
        .filter(|server| server.words.marked_down.is_some());
    let kills: Vec<&Server> = kills.collect();
    match kills.is_empty() {
        true => DOWN.ok(of, "no on-marked-down"),
        false => {
            let found = format!("on-marked-down shutdown-sessions: {}", names(kills));
            DOWN.error(
                of,
                found,
                format!("in {of}: take on-marked-down off its lines"),
            )
        }
    }
}

/// Whichever line of the backend comes back kills the sessions on our twin, too.
fn marked_up(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let servers = ours.proxy.servers.iter();
    let kills: Vec<&Server> = servers
        .filter(|server| server.words.marked_up.is_some())
        .collect();
    match kills.is_empty() {
        true => UP.ok(of, "no on-marked-up"),
        false => {
            let found = format!("on-marked-up shutdown-backup-sessions: {}", names(kills));
            UP.error(
                of,
                found,
                format!("in {of}: take on-marked-up off its lines"),
            )
        }
    }
}

/// It begins when the line is UP, which takes its time, too.
fn slowstart(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Point {
    let (of, limit) = (&ours.proxy.name, expected.in_rotation);
    let slow = ours.all().filter_map(|server| {
        let up = Rhythm::of(&server.words, spread).up;
        Some((server.words.slowstart?, up))
    });
    let longest = slow.max_by_key(|(slow, up)| *slow + *up);
    let Some((slow, up)) = longest else {
        return SLOW.ok(of, "no slow start");
    };
    let found = format!(
        "UP within {}, then slow start, {}",
        seconds(up),
        seconds(slow)
    );
    match slow + up >= limit {
        false => SLOW.ok(of, found),
        true => {
            let limit = seconds(limit);
            let found = format!("{found}: timeouts.in_rotation is {limit}, restarts end with 16");
            // Where UP alone takes as long, `cfg-rhythm` tells that.
            let longer = (slow + up).as_secs() * 3 / 2 + 1;
            let fix = format!(
                "in [app.{}] timeouts.in_rotation = \"{longer}s\", or in {of} a shorter slowstart",
                expected.app
            );
            SLOW.error(of, found, fix)
        }
    }
}
