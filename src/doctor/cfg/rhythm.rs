//! Computes how long HAProxy takes at most to show a gate that moves, from the intervals of its
//! checks: a warning before the first close. `detection` has what was measured.

use super::expected::Expected;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::haproxy::cfg::ours::Ours;
use crate::haproxy::cfg::rhythm::Rhythm;
use crate::haproxy::cfg::time::seconds;
use std::time::Duration;

checks! {
    RHYTHM "cfg-rhythm":
        "each restart waits until HAProxy shows the lines DOWN, and then UP: with slow checks it takes long, or gives up";
    SLOW "cfg-slowstart":
        "a restart ends when slow start is over, and timeouts.in_rotation has to cover it";
}

/// A time that is long for a rolling restart, which waits for it twice at each host.
const LONG: Duration = Duration::from_secs(20);

const QUICK: &str = "default-server inter 500ms fastinter 200ms downinter 250ms fall 2 rise 2";

pub(crate) fn points(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Vec<Point> {
    let quick = quick(ours, spread, expected);
    quick
        .into_iter()
        .chain(slowstart(ours, spread, expected))
        .collect()
}

fn quick(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Option<Point> {
    let words = ["inter", "fastinter", "downinter", "fall", "rise"];
    if ours.all().any(|server| server.words.hides(&words)) {
        return None;
    }
    let rhythms = ours.all().map(|server| Rhythm::of(&server.words, spread));
    let (down, up) = (
        rhythms.clone().map(|one| one.down).max()?,
        rhythms.map(|one| one.up).max()?,
    );
    // One line is enough if all are the same.
    let fix = Fix::paste(format!("in {}, above its servers", ours.proxy.name), QUICK);
    let found = format!("DOWN within {}, UP within {}", seconds(down), seconds(up));
    let (key, limit, exit) = match (expected.out_of_rotation, expected.in_rotation) {
        (limit, _) if down >= limit => ("out_of_rotation", limit, 13),
        (_, limit) if up >= limit => ("in_rotation", limit, 16),
        _ => return (down.max(up) > LONG).then(|| RHYTHM.warning(found, fix)),
    };
    Some(RHYTHM.error(
        format!(
            "{found}: timeouts.{key} is {}, restarts end with {exit}",
            seconds(limit)
        ),
        fix.and(format!("or a longer timeouts.{key}")),
    ))
}

/// Slow start begins when the line is UP, so both times add up. If UP alone takes too long, that is
/// `cfg-rhythm`.
fn slowstart(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Option<Point> {
    let slow = ours.all().filter_map(|server| {
        Some((
            server.words.slowstart?,
            Rhythm::of(&server.words, spread).up,
        ))
    });
    let (slow, up) = slow.max_by_key(|(slow, up)| *slow + *up)?;
    let limit = expected.in_rotation;
    if slow + up < limit || up >= limit {
        return None;
    }
    let (longer, app, of) = (
        (slow + up).as_secs() * 3 / 2 + 1,
        expected.app,
        &ours.proxy.name,
    );
    let (up, slow, limit) = (seconds(up), seconds(slow), seconds(limit));
    Some(SLOW.error(
        format!(
            "UP within {up}, then slow start, {slow}: timeouts.in_rotation is {limit}, restarts end with 16"
        ),
        Fix::paste(format!("in [app.{app}]"), format!("timeouts.in_rotation = \"{longer}s\""))
            .and(format!("or in {of} a shorter slowstart")),
    ))
}
