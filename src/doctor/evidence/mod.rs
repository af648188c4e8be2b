//! Checks how HAProxy's checks end at closed gates, and how many seconds it needs to see a gate
//! move. It uses the gates that are closed now, and the last close in the history.

use super::Point;
use super::check::{Check, about, checks};
use super::fix::Fix;
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

const RESET: &str =
    "in the firewall that drops them, here or on the way, answer with a reset, as here";
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
    /// The lines of the app's target that the balancers show. None: the app has no targets.
    pub lines: Option<Vec<String>>,
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
        let own = self.lines.clone();
        let is_own = |line: &&Detection| own.as_ref().is_none_or(|own| own.contains(&line.line));
        let last = |is_it: fn(&Detection) -> bool| {
            let of = |entry: &Entry| entry.detection.iter().filter(is_own).any(is_it);
            let mut entries = entries.iter().rev().filter(|entry| entry.app == app);
            let entry = entries.find(|entry| of(entry))?;
            let at = clock::timestamp(entry.started_at.max(0.0) as u64);
            Some(Moved {
                by: format!("{}, {at}", entry.verb),
                lines: entry.detection.iter().filter(is_own).cloned().collect(),
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
            Fix::paste(
                RESET,
                format!(
                    "iptables -I INPUT -p tcp --dport {port} -j REJECT --reject-with tcp-reset"
                ),
            ),
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
mod tests;
