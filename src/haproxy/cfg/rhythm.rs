//! How long HAProxy takes at most to show a gate that moves, by the intervals of its checks.

use super::server::Words;
use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haproxy::cfg::file;
    use crate::haproxy::cfg::time::seconds;

    const TWO_STAGE: &str = include_str!("../../../haproxy/two-stage.cfg");

    /// The seconds that haproxy/README.md promises, HAProxy's defaults, and `spread-checks`.
    #[test]
    fn readme_has_the_right_seconds() {
        let quick = "inter 500ms fastinter 100ms downinter 250ms fall 2 rise 2";
        let is = |words: &str, spread, down: &str, up: &str| {
            let file = file::read(&TWO_STAGE.replace(quick, words));
            let rhythm = Rhythm::of(&file.proxies[0].servers[0].words, spread);
            assert_eq!(
                [seconds(rhythm.down), seconds(rhythm.up)],
                [down, up],
                "{words}"
            );
        };
        is("", 0, "6 s", "4 s");
        is(quick, 50, "0.9 s", "0.525 s");
        let readme = include_str!("../../../haproxy/README.md");
        let (_, table) = readme
            .split_once("| checks | DOWN within | UP within |")
            .unwrap();
        let rows = table
            .lines()
            .skip(2)
            .map_while(|line| line.strip_prefix("| `"));
        for row in rows.clone() {
            let (words, limits) = row.split_once('`').unwrap();
            let limits: Vec<&str> = limits.split('|').map(str::trim).collect();
            is(words, 0, limits[1], limits[2]);
        }
        assert_eq!(rows.count(), 5);
    }
}
