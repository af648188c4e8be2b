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

/// Of one app. `by_file`: HAProxy's own file is judged for that, with its `fastinter` and
/// `downinter`, which no socket tells; what no `fastinter` can mend is told all the same.
pub(super) fn points(counted: &[Counted], by_file: bool) -> Vec<Point> {
    // What nobody checks is told by others: lines not seen, not checked.
    let checked = counted.iter().filter(|one| one.lines > 0);
    let each = checked.map(|one| {
        let counts = one.counts.as_ref();
        (one, counts.map(|counts| inter(counts, one.lines)))
    });
    let each: Vec<_> = each.collect();
    // One limit is for all gates: a mend for each alone would contradict the other's.
    let longest = each
        .iter()
        .fold(Takes::default(), |longest, one| match one {
            (one, Ok(Inter::Mean(inter))) => longest.or(Takes::of(one, *inter)),
            _ => longest,
        });
    let point = |(one, inter): &(&Counted, Result<Inter, &String>)| match inter {
        Err(why) => uncounted(one, why),
        Ok(Inter::LongerThan(than)) => seldom(one, *than, by_file),
        Ok(Inter::Mean(inter)) => judged(one, *inter, longest, by_file),
    };
    each.iter().map(point).collect()
}

/// The most that HAProxy may take: each check `inter` after the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Takes {
    down: Duration,
    up: Duration,
}

impl Takes {
    fn of(counted: &Counted, inter: Duration) -> Takes {
        Takes {
            down: times(inter, counted.fall),
            up: times(inter, counted.rise),
        }
    }

    fn or(self, other: Takes) -> Takes {
        Takes {
            down: self.down.max(other.down),
            up: self.up.max(other.up),
        }
    }
}

fn uncounted(counted: &Counted, why: &str) -> Point {
    let Counted {
        app, status_port, ..
    } = counted;
    let found = format!("port {status_port}: seconds to DOWN and UP can't be told: {why}");
    let mend = format!("once its gate is open, again: agent doctor {app}");
    SECONDS.warning(app, found, mend)
}

/// Slower than the look: how slow is not known.
fn seldom(counted: &Counted, than: Duration, by_file: bool) -> Point {
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
    match by_file {
        // Too short whatever the file says: it may be of another balancer, or not loaded.
        _ if *limit < than => SECONDS.error(
            app,
            format!(
                "{found}: DOWN may take longer, and timeouts.out_of_rotation is {}",
                seconds(*limit)
            ),
            SHORTER,
        ),
        true => SECONDS.ok(app, found),
        false => SECONDS.warning(app, found, SHORTER),
    }
}

const SHORTER: &str = "a shorter `inter` in HAProxy: `default-server inter 1s fastinter 300ms`";

fn times(inter: Duration, count: u64) -> Duration {
    inter.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What was counted is `inter`, the rhythm of a line that is UP. After the first check that
/// fails `fastinter` counts, and `downinter` while it is DOWN; both are as long where nobody
/// set them.
fn judged(counted: &Counted, inter: Duration, longest: Takes, by_file: bool) -> Point {
    let (app, takes) = (&counted.app, Takes::of(counted, inter));
    let found = format!(
        "port {}: checked each {}: DOWN within {}, by `fastinter`, UP within about {}, by `downinter`",
        counted.status_port,
        seconds(inter),
        between(inter, takes.down),
        seconds(takes.up)
    );
    let limits = [
        (
            "out_of_rotation",
            counted.out_of_rotation,
            takes.down,
            longest.down,
        ),
        ("in_rotation", counted.in_rotation, takes.up, longest.up),
    ];
    let mut short = limits
        .iter()
        .filter(|(_, limit, takes, _)| limit < takes)
        .peekable();
    // Whatever the file says: it may be of another balancer, or not loaded.
    let too_short = counted.out_of_rotation < inter;
    if (by_file && !too_short) || short.peek().is_none() {
        return match !by_file && takes.down.max(takes.up) > LONG {
            true => SECONDS.warning(app, found, SHORTER),
            false => SECONDS.ok(app, found),
        };
    }
    let (are, longer): (Vec<String>, Vec<String>) = short
        .map(|(key, limit, _, most)| {
            let longer = (most.as_secs_f64() * 2.0).ceil();
            let are = format!("timeouts.{key} is {}", seconds(*limit));
            (are, format!("timeouts.{key} = \"{longer}s\""))
        })
        .unzip();
    let found = format!("{found}, and {}", are.join(", "));
    let mend = format!(
        "{} in [app.{app}], in place of what its `timeouts` says of that",
        longer.join(" and ")
    );
    match too_short {
        true => SECONDS.error(app, found, mend),
        // Enough where `fastinter` or `downinter` is short.
        false => {
            let mend = format!("{mend}; the file tells whether it is enough: --haproxy-cfg FILE");
            SECONDS.warning(app, found, mend)
        }
    }
}

/// `0.3 to 0.6 s`
fn between(least: Duration, most: Duration) -> String {
    match least < most {
        true => format!("{:.1} to {}", least.as_secs_f64(), seconds(most)),
        false => seconds(most),
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

    fn counted(status_port: u16, inter: u64) -> Counted {
        let came: Vec<u64> = (0..60).map(|n| 50 + n * inter).collect();
        Counted {
            app: "web".into(),
            status_port,
            counts: Ok(looks(&came)),
            lines: 1,
            rise: 2,
            fall: 3,
            out_of_rotation: Duration::from_secs(30),
            in_rotation: Duration::from_secs(60),
        }
    }

    fn judged(inter: u64, change: impl Fn(&mut Counted)) -> Vec<Verdict> {
        let mut counted = counted(2000, inter);
        change(&mut counted);
        let verdicts = |by_file| -> Vec<Verdict> {
            let points = points(std::slice::from_ref(&counted), by_file);
            points.iter().map(|point| point.verdict).collect()
        };
        let by_file = verdicts(true);
        let alone = verdicts(false);
        if counted.counts.is_ok() {
            // What the file can't mend stays.
            let expected = alone.iter().map(|one| match one {
                Warning => Well,
                one => *one,
            });
            assert_eq!(by_file, expected.collect::<Vec<_>>());
        }
        alone
    }

    fn out_of_rotation(ms: u64) -> impl Fn(&mut Counted) {
        move |one| one.out_of_rotation = Duration::from_millis(ms)
    }

    /// With `fastinter 100ms` it is DOWN within 1.2 s, and with none within 3 s.
    #[test]
    fn a_limit_between_one_and_all_checks_is_a_warning() {
        assert_eq!(judged(1000, |_| {}), [Well]);
        assert_eq!(judged(1000, out_of_rotation(3000)), [Well]);
        assert_eq!(judged(1000, out_of_rotation(2999)), [Warning]);
        assert_eq!(judged(1000, out_of_rotation(1000)), [Warning]);
        assert_eq!(judged(1000, out_of_rotation(999)), [Error]);
        // `downinter` may be shorter than `inter`.
        let in_rotation = |one: &mut Counted| one.in_rotation = Duration::from_millis(900);
        assert_eq!(judged(1000, in_rotation), [Warning]);
        let both = |one: &mut Counted| {
            in_rotation(one);
            out_of_rotation(900)(one);
        };
        assert_eq!(judged(1000, both), [Error], "one point, one mend");
    }

    #[test]
    fn what_takes_long_or_can_not_be_counted_is_a_warning() {
        assert_eq!(judged(2000, |one| one.fall = 11), [Warning]);
        assert_eq!(judged(9000, |_| {}), [Warning]);
        // Not each 5.9 s.
        let seldom = |ms| judged(9000, out_of_rotation(ms));
        assert_eq!((seldom(5800), seldom(6000)), (vec![Error], vec![Warning]));
        assert_eq!(
            judged(1000, |one| one.counts = Err("closed".into())),
            [Warning]
        );
        assert_eq!(judged(1000, |one| one.lines = 0), []);
    }

    /// Both gates have one limit.
    #[test]
    fn two_gates_have_one_mend() {
        let mut both = [counted(2000, 1000), counted(3000, 500)];
        both.iter_mut().for_each(out_of_rotation(300));
        let mends = points(&both, false)
            .into_iter()
            .filter_map(|point| point.mend);
        let mends: std::collections::BTreeSet<String> = mends.collect();
        let mend = "timeouts.out_of_rotation = \"6s\" in [app.web], in place of what its \
                    `timeouts` says of that";
        assert_eq!(mends, [mend.to_owned()].into());
    }
}
