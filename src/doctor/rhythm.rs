//! How long HAProxy takes to notice a gate that moves, timed from its checks' own rhythm: an
//! open gate's rule counts them. `inter` itself HAProxy tells nobody.

use super::Point;
use super::check::Check;
use std::time::Duration;

const SECONDS: Check = Check {
    name: "detection",
    why: "every restart waits until HAProxy has seen the lines DOWN, and at the end UP; limits \
          that are shorter put the gates back each time",
};

/// Who waits longer than this for HAProxy has users on a sick server as long.
const LONG: Duration = Duration::from_secs(20);

/// One gate whose checks were counted.
#[derive(Debug, Clone)]
pub struct Counted {
    pub app: String,
    pub status_port: u16,
    /// When it was looked, since the first look, and how many checks had come by then; at
    /// least the first look. Err: why they can't be counted.
    pub counts: Result<Vec<(Duration, u64)>, String>,
    /// Lines that check this port, on all balancers.
    pub lines: usize,
    /// The most that any of them has.
    pub rise: u64,
    pub fall: u64,
    /// The limits that hold against it.
    pub out_of_rotation: Duration,
    pub in_rotation: Duration,
}

/// Between two checks of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inter {
    /// Counted.
    Mean(Duration),
    /// No line was seen twice: longer than this.
    LongerThan(Duration),
}

/// The rhythm of each of `lines` that all check the port in turn. From the first check to the
/// last that the same line can have made; a look that finds several checks stands for all.
pub fn inter(counts: &[(Duration, u64)], lines: usize) -> Inter {
    let mut came: Vec<Duration> = Vec::new();
    for pair in counts.windows(2) {
        // A counter that begins anew (another rule in its place) has missed none that matter.
        let new = pair[1].1.saturating_sub(pair[0].1);
        came.extend((0..new.min(MOST)).map(|_| pair[1].0));
    }
    let end = counts.last().map_or(Duration::ZERO, |(at, _)| *at);
    let rounds = came.len().saturating_sub(1) / lines.max(1);
    match (came.first(), u32::try_from(rounds)) {
        (Some(first), Ok(rounds @ 1..)) => {
            Inter::Mean((came[rounds as usize * lines.max(1)] - *first) / rounds)
        }
        (Some(first), _) if lines <= 1 => Inter::LongerThan((*first).max(end - *first)),
        _ => Inter::LongerThan(end),
    }
}

/// More checks than that between two looks are no checks.
const MOST: u64 = 10_000;

/// Each line was seen so often: it may be stopped.
pub(super) fn is_enough(counts: &[(Duration, u64)], lines: usize) -> bool {
    let came = counts
        .last()
        .map_or(0, |(_, last)| last.saturating_sub(counts[0].1));
    usize::try_from(came).is_ok_and(|came| came > ROUNDS * lines)
}

/// Of each line's checks.
const ROUNDS: usize = 3;

pub(super) fn points(counted: &Counted) -> Vec<Point> {
    let Counted {
        app,
        status_port,
        lines,
        ..
    } = counted;
    let of = |what: String| format!("port {status_port}: {what}");
    let counts = match &counted.counts {
        _ if *lines == 0 => return Vec::new(), // Told by others: lines not seen, not checked.
        Ok(counts) => counts,
        Err(why) => {
            let found = of(format!("seconds to DOWN and UP can't be told: {why}"));
            let mend = format!("agent open {app}, then again: agent doctor {app}");
            return vec![SECONDS.warning(app, found, mend)];
        }
    };
    match inter(counts, *lines) {
        Inter::LongerThan(than) => vec![seldom(counted, than)],
        Inter::Mean(inter) => vec![judged(counted, inter)],
    }
}

/// Slower than the look: how slow is not known.
fn seldom(counted: &Counted, than: Duration) -> Point {
    let Counted {
        app,
        status_port,
        lines,
        out_of_rotation: limit,
        ..
    } = counted;
    let found = format!(
        "port {status_port}: {lines} lines check it less often than each {}",
        seconds(than)
    );
    let down = times(than, counted.fall);
    match *limit < down {
        true => SECONDS.error(
            app,
            format!(
                "{found}: DOWN in more than {}, and timeouts.out_of_rotation is {}",
                seconds(down),
                seconds(*limit)
            ),
            SHORTER,
        ),
        false => SECONDS.warning(app, found, SHORTER),
    }
}

const SHORTER: &str = "a shorter `inter` in HAProxy: `default-server inter 1s fastinter 300ms`";

fn times(inter: Duration, count: u64) -> Duration {
    inter.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What was counted is the rhythm of a line that is UP. That of one that is DOWN is `downinter`,
/// which is the same where nobody set it.
fn judged(counted: &Counted, inter: Duration) -> Point {
    let (down, up) = (times(inter, counted.fall), times(inter, counted.rise));
    let Counted {
        app, status_port, ..
    } = counted;
    let found = format!(
        "port {status_port}: checked each {}: DOWN within {}, UP in about {}, later with a longer `downinter`",
        seconds(inter),
        seconds(down),
        seconds(up)
    );
    let limits = [
        ("out_of_rotation", counted.out_of_rotation, down),
        ("in_rotation", counted.in_rotation, up),
    ];
    let short: Vec<_> = limits
        .iter()
        .filter(|(_, limit, takes)| limit < takes)
        .collect();
    if !short.is_empty() {
        let are = |(key, limit, _): &&(&str, Duration, Duration)| {
            format!("timeouts.{key} is {}", seconds(*limit))
        };
        let longer = |(key, _, takes): &&(&str, Duration, Duration)| {
            let longer = (takes.as_secs_f64() * 2.0).ceil();
            format!("timeouts.{key} = \"{longer}s\"")
        };
        let are: Vec<String> = short.iter().map(are).collect();
        let longer: Vec<String> = short.iter().map(longer).collect();
        return SECONDS.error(
            app,
            format!("{found}, and {}", are.join(", ")),
            format!(
                "{} in [app.{app}], in place of what its `timeouts` says of that",
                longer.join(" and ")
            ),
        );
    }
    match down > LONG || up > LONG {
        true => SECONDS.warning(app, found, SHORTER),
        false => SECONDS.ok(app, found),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Warning};
    use super::*;

    fn looks(came: &[u64]) -> Vec<(Duration, u64)> {
        let mut looks = Vec::new();
        for at in 0..=60 {
            let at = at * 100;
            let count = came.iter().filter(|came| **came < at).count();
            looks.push((Duration::from_millis(at), 40 + count as u64));
        }
        looks
    }

    fn ms(inter: Inter) -> (u128, bool) {
        match inter {
            Inter::Mean(mean) => (mean.as_millis(), true),
            Inter::LongerThan(than) => (than.as_millis(), false),
        }
    }

    #[test]
    fn each_lines_rhythm_is_told_from_all_their_checks() {
        let each = |inter: u64, from: u64| (0..20).map(move |n| from + n * inter);
        let one: Vec<u64> = each(1000, 450).collect();
        assert_eq!(ms(inter(&looks(&one), 1)), (1000, true));
        // Two lines close behind each other, and three apart.
        let two: Vec<u64> = each(2000, 450).chain(each(2000, 460)).collect();
        assert_eq!(ms(inter(&looks(&two), 2)), (2000, true));
        let three: Vec<u64> = each(900, 50)
            .chain(each(900, 350))
            .chain(each(900, 650))
            .collect();
        assert_eq!(ms(inter(&looks(&three), 3)), (900, true));
        // Faster than it is looked.
        let quick: Vec<u64> = each(50, 0).collect();
        let (told, is_mean) = ms(inter(&looks(&quick), 1));
        assert!(is_mean && told.abs_diff(50) < 5, "{told}");
    }

    #[test]
    fn what_was_not_seen_twice_is_slower_than_the_look() {
        assert_eq!(ms(inter(&looks(&[]), 1)), (6000, false));
        assert_eq!(ms(inter(&looks(&[950]), 1)), (5000, false));
        assert_eq!(ms(inter(&looks(&[950, 4000]), 2)), (6000, false));
        assert_eq!(ms(inter(&[], 1)), (0, false));
    }

    #[test]
    fn a_counter_that_begins_anew_is_no_flood() {
        let counts = [(0, 900), (100, 901), (200, 1), (1100, 2)];
        let counts = counts.map(|(at, count)| (Duration::from_millis(at), count));
        assert_eq!(ms(inter(&counts, 1)), (1000, true));
    }

    fn judged(inter: u64, change: impl Fn(&mut Counted)) -> Vec<Verdict> {
        let came: Vec<u64> = (0..20).map(|n| 50 + n * inter).collect();
        let mut counted = Counted {
            app: "web".into(),
            status_port: 2000,
            counts: Ok(looks(&came)),
            lines: 1,
            rise: 2,
            fall: 3,
            out_of_rotation: Duration::from_secs(30),
            in_rotation: Duration::from_secs(60),
        };
        change(&mut counted);
        points(&counted).iter().map(|point| point.verdict).collect()
    }

    #[test]
    fn the_limits_are_held_against_it() {
        assert_eq!(judged(1000, |_| {}), [Well]);
        assert_eq!(
            judged(1000, |one| one.out_of_rotation = Duration::from_secs(2)),
            [Error]
        );
        assert_eq!(
            judged(1000, |one| one.in_rotation = Duration::from_secs(1)),
            [Error]
        );
        let both = |one: &mut Counted| {
            one.out_of_rotation = Duration::from_secs(2);
            one.in_rotation = Duration::from_secs(1);
        };
        assert_eq!(judged(1000, both), [Error], "one point, one mend");
        assert_eq!(judged(2000, |one| one.fall = 11), [Warning]);
        assert_eq!(judged(9000, |_| {}), [Warning]);
        // Not each 5.9 s: three of them are more than 17 s.
        let seldom =
            |limit: u64| judged(9000, |one| one.out_of_rotation = Duration::from_secs(limit));
        assert_eq!((seldom(17), seldom(18)), (vec![Error], vec![Warning]));
        assert_eq!(
            judged(1000, |one| one.counts = Err("closed".into())),
            [Warning]
        );
        assert_eq!(judged(1000, |one| one.lines = 0), []);
    }
}
