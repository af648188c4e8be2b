//! Checks how HAProxy's checks end at closed gates, and how many seconds it needs to see a gate
//! move. It uses the gates that are closed now, and the last close in the history.

use super::Point;
use super::check::{Check, about, checks};
use crate::clock;
use crate::gate::Gate;
use crate::haproxy::Role;
use crate::history::Entry;
use crate::report::Detection;
use std::time::Duration;

checks! {
    MEETS "firewall":
        "HAProxy sees a refused check at once, a dropped one only after the check's timeout: until then \
         it sends users to a host that is about to restart";
    SECONDS "detection":
        "every restart waits until HAProxy shows the lines DOWN, and at the end UP: with a shorter limit it \
         gives up each time";
}

const RESET: &str = "in the firewall that drops them, here or on the way, answer with a reset, as here: \
                     iptables -I INPUT -p tcp --dport";
const SHORTER: &str =
    "a shorter `inter` in HAProxy (`default-server inter 500ms fastinter 200ms`), or a longer";

/// An operation that closed or opened a gate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moved {
    /// "restart, 2026-11-21T16:14:16Z"
    pub by: String,
    pub lines: Vec<Detection>,
    /// Rules that may have matched the checks.
    pub possible: Vec<String>,
    /// A fingerprint of the foreign rules at that time.
    pub around: String,
}

/// The evidence for one app.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence {
    /// The last operation that shows how checks met a closed gate.
    pub met: Option<Moved>,
    /// The last operation that closed a gate, and the last that shows the seconds to UP.
    pub close: Option<Moved>,
    pub open: Option<Moved>,
    /// The same of the rules that are there now.
    pub around: String,
    /// How long an operation waits for HAProxy.
    pub out_of_rotation: Duration,
    pub in_rotation: Duration,
}

impl Evidence {
    /// Reads the evidence from the history, newest last.
    pub(crate) fn read(&mut self, app: &str, entries: &[Entry]) {
        let last = |is_it: fn(&Detection) -> bool| {
            let mut entries = entries.iter().rev().filter(|entry| entry.app == app);
            let entry = entries.find(|entry| entry.detection.iter().any(is_it))?;
            let at = clock::timestamp(entry.started_at.max(0.0) as u64);
            Some(Moved {
                by: format!("{}, {at}", entry.verb),
                lines: entry.detection.clone(),
                possible: entry.possible_rules.clone(),
                around: entry.rules_around.clone(),
            })
        };
        self.met = last(Detection::is_of_a_close);
        self.close = last(|one| one.still.is_some() || one.down_seconds.is_some());
        self.open = last(|one| one.up_seconds.is_some());
    }

    /// Rules that do not match the checks: they were there when HAProxy saw this gate close, and
    /// this host refused its checks. The rules around them are still the same.
    pub(crate) fn disproved(&self, gate: &Gate) -> Vec<String> {
        let lines = of_gate(self.close.as_ref(), gate);
        let is_seen = |line: &&Detection| {
            line.down_seconds.is_some() && line.check.as_deref() == Some("L4CON")
        };
        let was_closed = !lines.is_empty() && lines.iter().all(is_seen);
        let is_same = |close: &&Moved| !close.around.is_empty() && close.around == self.around;
        let close = self.close.iter().filter(|_| was_closed).filter(is_same);
        close.flat_map(|close| close.possible.clone()).collect()
    }
}

/// The evidence for one gate.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub gate: Gate,
    /// How the last check of each line ended, in HAProxy's word, if the gate is closed.
    pub now: Option<Vec<String>>,
}

pub(super) fn points(app: &str, gates: &[Checked], evidence: &Evidence) -> Vec<Point> {
    let met = gates.iter().filter_map(|one| meets(one, evidence));
    let seconds = gates.iter().flat_map(|one| seconds(&one.gate, evidence));
    let mut points: Vec<Point> = met.chain(seconds).collect();
    if points.is_empty() {
        points.push(SECONDS.unseen(
            "no gate was closed yet: the first close shows how HAProxy's checks end then, and the seconds to \
             DOWN and UP",
        ));
    }
    about(app, points)
}

fn of_gate<'a>(moved: Option<&'a Moved>, gate: &Gate) -> Vec<&'a Detection> {
    let lines = moved.into_iter().flat_map(|moved| &moved.lines);
    lines
        .filter(|line| line.twin == (gate.role == Role::Twin))
        .collect()
}

fn meets(checked: &Checked, evidence: &Evidence) -> Option<Point> {
    let port = checked.gate.status_port;
    let now = checked.now.iter().flatten().map(String::as_str);
    let (mut words, mut when) = (now.collect::<Vec<&str>>(), "closed".to_owned());
    if words.is_empty() {
        let met = evidence.met.as_ref()?;
        let lines = of_gate(Some(met), &checked.gate).into_iter();
        words = lines.filter_map(|line| line.check.as_deref()).collect();
        when = format!("when last closed ({})", met.by);
    }
    let dropped = words.iter().find(|word| **word == "L4TOUT");
    let word = *dropped.or(words.first())?;
    let found = |how: &str| format!("port {port}, {when}: {how} ({word})");
    Some(match word {
        "L4TOUT" => MEETS.warning(
            found("HAProxy's checks were dropped"),
            format!("{RESET} {port} -j REJECT --reject-with tcp-reset"),
        ),
        "L4CON" => MEETS.ok(found("refused at once")),
        _ => MEETS.ok(found("HAProxy's checks failed")),
    })
}

fn seconds(gate: &Gate, evidence: &Evidence) -> Vec<Point> {
    let close = evidence.close.as_ref();
    let still = |line: &Detection| {
        let (status, by) = (line.still.as_ref()?, &close?.by);
        Some(SECONDS.error(
            format!(
                "port {}: at the last close ({by}) {} {} was still {status}",
                gate.status_port, line.balancer, line.line
            ),
            "fix what foreign-rule and status-port name, else a proxy on the way answers its checks",
        ))
    };
    let down = Wait {
        until: "DOWN",
        moved: close,
        seconds: |line| line.down_seconds,
        key: "out_of_rotation",
        limit: evidence.out_of_rotation,
    };
    let up = Wait {
        until: "UP",
        moved: evidence.open.as_ref(),
        seconds: |line| line.up_seconds,
        key: "in_rotation",
        limit: evidence.in_rotation,
    };
    let still = of_gate(close, gate).into_iter().filter_map(still);
    still
        .chain([down, up].iter().filter_map(|wait| wait.point(gate)))
        .collect()
}

/// A wait of an operation for HAProxy.
struct Wait<'a> {
    until: &'static str,
    moved: Option<&'a Moved>,
    seconds: fn(&Detection) -> Option<f64>,
    /// The timeout that limits it.
    key: &'static str,
    limit: Duration,
}

impl Wait<'_> {
    fn point(&self, gate: &Gate) -> Option<Point> {
        let lines = of_gate(self.moved, gate).into_iter();
        let took = lines.filter_map(self.seconds).max_by(f64::total_cmp)?;
        let (port, until, by) = (gate.status_port, self.until, &self.moved?.by);
        let found = format!("port {port}: {until} after {took:.1} s ({by})");
        let (key, limit) = (self.key, self.limit.as_secs_f64());
        // One more check of a busier HAProxy would exceed the limit.
        Some(match took * 1.5 > limit {
            false => SECONDS.ok(found),
            true => SECONDS.warning(
                format!("{found}, timeouts.{key} is {limit:.1} s"),
                format!("{SHORTER} timeouts.{key}"),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Unseen, Warning};
    use super::*;

    fn gate() -> Gate {
        Gate::of_web(Role::Main)
    }

    fn entry(app: &str, check: Option<&str>, still: Option<&str>, seconds: Option<f64>) -> Entry {
        Entry {
            app: app.into(),
            verb: "restart".into(),
            started_at: 1_795_277_656.0,
            detection: vec![Detection {
                balancer: "lb".into(),
                line: "srvs/web1".into(),
                check: check.map(str::to_owned),
                still: still.map(str::to_owned),
                down_seconds: seconds,
                up_seconds: seconds,
                ..Detection::default()
            }],
            ..Entry::default()
        }
    }

    /// The points: check, verdict, finding.
    fn judged(entries: &[Entry], now: Option<&str>) -> Vec<(&'static str, Verdict, String)> {
        let mut evidence = Evidence {
            out_of_rotation: Duration::from_secs(30),
            in_rotation: Duration::from_secs(60),
            ..Evidence::default()
        };
        evidence.read("web", entries);
        let checked = Checked {
            gate: gate(),
            now: now.map(|word| vec![word.to_owned()]),
        };
        let points = points("web", &[checked], &evidence).into_iter();
        points
            .map(|point| (point.check, point.verdict, point.found))
            .collect()
    }

    #[test]
    fn before_the_first_close_no_point_is_ok() {
        for entries in [&[][..], &[entry("api", Some("L4CON"), None, Some(1.0))]] {
            let points = judged(entries, None);
            assert_eq!((points.len(), points[0].1), (1, Unseen));
            assert!(points[0].2.starts_with("no gate was closed yet"));
        }
    }

    /// A gate that `open` finds closed shows how checks end there, but no seconds.
    #[test]
    fn the_last_close_is_quoted() {
        let old = || entry("web", Some("L4TOUT"), None, Some(9.0));
        let close = || entry("web", Some("L4CON"), None, Some(0.44));
        let found = Entry {
            verb: "open".into(),
            ..entry("web", Some("L4TOUT"), None, None)
        };
        let refused = "when last closed (restart, 2026-11-21T16:14:16Z): refused at once (L4CON)";
        let dropped =
            "when last closed (open, 2026-11-21T16:14:16Z): HAProxy's checks were dropped (L4TOUT)";
        for (entries, verdict, met) in [
            (vec![old(), close()], Well, refused),
            (vec![close(), found], Warning, dropped),
        ] {
            let points = judged(&entries, None);
            let expected = [
                ("firewall", verdict, format!("port 2000, {met}")),
                (
                    "detection",
                    Well,
                    "port 2000: DOWN after 0.4 s (restart, 2026-11-21T16:14:16Z)".into(),
                ),
                (
                    "detection",
                    Well,
                    "port 2000: UP after 0.4 s (restart, 2026-11-21T16:14:16Z)".into(),
                ),
            ];
            assert_eq!(points, expected);
        }
    }

    #[test]
    #[rustfmt::skip]
    fn drops_slow_checks_and_lines_that_stayed_up_are_reported() {
        let (meets, seconds) = (|verdict| ("firewall", verdict), |verdict| ("detection", verdict));
        for (check, still, took, now, expected) in [
            (Some("L4TOUT"), None, None, None, &[meets(Warning)][..]),
            // The present state counts more than the history.
            (Some("L4TOUT"), None, None, Some("L4CON"), &[meets(Well)]),
            (Some("L4CON"), None, None, Some("L4TOUT"), &[meets(Warning)]),
            (None, Some("UP"), None, None, &[seconds(Error)]),
            (Some("L4CON"), None, Some(20.1), None, &[meets(Well), seconds(Warning), seconds(Well)]),
        ] {
            let points = judged(&[entry("web", check, still, took)], now);
            let said: Vec<_> = points.iter().map(|one| (one.0, one.1)).collect();
            assert_eq!(said, expected, "{check:?} {still:?} {took:?} {now:?}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_rule_is_disproved_by_a_close_that_it_did_not_catch() {
        for (now, then, app, check, still, seconds, disproved) in [
            ("same", "same", "web", Some("L4CON"), None, Some(0.4), true),
            // A jump to it may have come since; an older agent did not write the rules.
            ("new", "old", "web", Some("L4CON"), None, Some(0.4), false),
            ("", "", "web", Some("L4CON"), None, Some(0.4), false),
            // Dropped checks: the rule may have redirected them. Found closed: the rule may be newer.
            ("same", "same", "web", Some("L4TOUT"), None, Some(0.4), false),
            ("same", "same", "web", Some("L4CON"), None, None, false),
            ("same", "same", "web", None, Some("UP"), None, false),
            ("same", "same", "api", Some("L4CON"), None, Some(0.4), false),
        ] {
            let mut evidence = Evidence { around: now.to_owned(), ..Evidence::default() };
            evidence.read("web", &[Entry {
                possible_rules: vec!["-A X".to_owned()],
                rules_around: then.to_owned(),
                ..entry(app, check, still, seconds)
            }]);
            let is = evidence.disproved(&gate()) == ["-A X"];
            assert_eq!(is, disproved, "{now} {then} {app} {check:?} {still:?} {seconds:?}");
        }
    }
}
