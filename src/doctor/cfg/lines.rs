//! Checks the settings of single lines that matter for a restart.

use super::expected::Expected;
use super::ours::{Ours, names};
use super::rhythm::Rhythm;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::server::Server;
use crate::haproxy::cfg::time::seconds;

checks! {
    DOWN "cfg-marked-down": "it kills the requests in flight as soon as the gate is closed";
    UP "cfg-marked-up": "it kills the sessions on every twin as soon as one main line is back";
    SLOW "cfg-slowstart":
        "a restart is done when slow start is over, and timeouts.in_rotation has to cover it";
}

pub(crate) fn points(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Vec<Point> {
    let downs = ours
        .all()
        .filter(|server| server.words.marked_down.is_some());
    // Any line of the backend that comes back also kills the sessions on our twin.
    let servers = ours.proxy.servers.iter();
    let ups = servers.filter(|server| server.words.marked_up.is_some());
    vec![
        marked(
            ours,
            &DOWN,
            ("on-marked-down", "shutdown-sessions"),
            downs.collect(),
        ),
        marked(
            ours,
            &UP,
            ("on-marked-up", "shutdown-backup-sessions"),
            ups.collect(),
        ),
        slowstart(ours, spread, expected),
    ]
}

fn marked(
    ours: &Ours<'_>,
    check: &Check,
    (word, what): (&str, &str),
    kills: Vec<&Server>,
) -> Point {
    let of = &ours.proxy.name;
    match kills.is_empty() {
        true => check.ok(of, format!("no {word}")),
        false => {
            let found = format!("{word} {what}: {}", names(kills));
            check.error(of, found, format!("in {of}: take {word} off its lines"))
        }
    }
}

/// Slow start begins when the line is UP, so both times add up.
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
    let (first, then) = (seconds(up), seconds(slow));
    let found = format!("UP within {first}, then slow start, {then}");
    if slow + up < limit {
        return SLOW.ok(of, found);
    }
    let limit = seconds(limit);
    let found = format!("{found}: timeouts.in_rotation is {limit}, restarts end with 16");
    // If UP alone takes too long, `cfg-rhythm` also reports it.
    let (longer, app) = ((slow + up).as_secs() * 3 / 2 + 1, expected.app);
    let fix = format!(
        "in [app.{app}] timeouts.in_rotation = \"{longer}s\", or in {of} a shorter slowstart"
    );
    SLOW.error(of, found, fix)
}
