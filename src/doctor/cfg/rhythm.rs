//! Computes how long HAProxy takes to see a gate move, from the intervals of its checks.

use super::expected::Expected;
use super::ours::Ours;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::server::Words;
use crate::haproxy::cfg::time::seconds;
use std::time::Duration;

checks! {
    RHYTHM "cfg-rhythm":
        "each restart waits for HAProxy to see the lines DOWN, and then UP: nothing is quicker";
}
/// A time that is long for a rolling restart, which waits for it twice at each host.
const LONG: Duration = Duration::from_secs(20);

const QUICK: &str = "default-server inter 1s fastinter 300ms downinter 500ms fall 2 rise 2";

/// The longest times, if checks are refused or answered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rhythm {
    pub down: Duration,
    pub up: Duration,
}

impl Rhythm {
    /// `spread`: `spread-checks`, in percent.
    pub(crate) fn of(words: &Words, spread: u32) -> Rhythm {
        let fast = words.fastinter.unwrap_or(words.inter);
        let slow = words.downinter.unwrap_or(words.inter);
        let total = |first: Duration, checks: u32| {
            let ms = first.as_millis() + fast.as_millis() * u128::from(checks - 1);
            let spread_ms = ms * u128::from(100 + spread) / 100;
            Duration::from_millis(u64::try_from(spread_ms).unwrap_or(u64::MAX))
        };
        Rhythm {
            down: total(words.inter, words.fall),
            up: total(slow, words.rise),
        }
    }
}

pub(crate) fn points(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Vec<Point> {
    let rhythm = ["inter", "fastinter", "downinter", "fall", "rise"];
    if ours.all().any(|server| server.words.hides(&rhythm)) {
        return Vec::new();
    }
    vec![quick(ours, spread, expected)]
}

fn quick(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Point {
    // One line is enough if all are the same.
    let of = &ours.proxy.name;
    let down = ours
        .all()
        .map(|server| Rhythm::of(&server.words, spread).down);
    let up = ours
        .all()
        .map(|server| Rhythm::of(&server.words, spread).up);
    let (down, up) = (down.max().unwrap_or_default(), up.max().unwrap_or_default());
    let found = format!("DOWN within {}, UP within {}", seconds(down), seconds(up));
    let fix = format!("in {of}, above its servers: {QUICK}");
    for (key, takes, limit, exit) in [
        ("out_of_rotation", down, expected.out_of_rotation, 13),
        ("in_rotation", up, expected.in_rotation, 16),
    ] {
        if takes >= limit {
            let limit = seconds(limit);
            let found = format!("{found}: timeouts.{key} is {limit}, restarts end with {exit}");
            return RHYTHM.error(of, found, format!("{fix}; or a longer timeouts.{key}"));
        }
    }
    match down.max(up) > LONG {
        false => RHYTHM.ok(of, found),
        true => RHYTHM.warning(of, found, fix),
    }
}
