//! Checks the files as a whole: HAProxy accepts them, and all of them could be read.

use super::accepted::Said;
use crate::doctor::check::{Check, checks};
use crate::doctor::lines::line::first_three;
use crate::doctor::{Point, Verdict};
use crate::haproxy::cfg::file::{File, Text};

checks! {
    READ "cfg-file": "what can't be read can't be checked, and HAProxy itself refuses such a file";
    BRANCHES "cfg-if": "HAProxy reads only the branches whose condition is true, and doctor does not know which";
}

const CORRECT: &str =
    "correct it, or copy the whole file again; HAProxy's own words: haproxy -c -f FILE";

/// HAProxy's word counts before that of this reader.
pub(super) fn points(texts: &[Text<'_>], file: &File, said: Option<&Said>) -> Vec<Point> {
    let mut points = match said {
        Some(Said::Accepted(version)) => accepted(version, file),
        Some(Said::Refused(version, alerts)) => vec![refused(version, alerts)],
        Some(said @ (Said::OfAnother(_) | Said::Unknown(_))) => {
            let seen = unread(texts, file).into_iter();
            seen.chain([not_decisive(said)]).collect()
        }
        None => READ.or_ok(unread(texts, file), "all lines could be read"),
    };
    points.extend(conditional(file));
    points
}

/// A point about a file whose branches were all read. Of such lines an error is only possible, and
/// nothing was seen to be right.
pub(super) fn possible(point: Point) -> Point {
    match point.verdict {
        Verdict::Error => Point {
            verdict: Verdict::Warning,
            ..point
        },
        Verdict::Ok => Point {
            verdict: Verdict::Unseen,
            found: format!("{}, if each .if is true", point.found),
            ..point
        },
        Verdict::Unseen | Verdict::Warning => point,
    }
}

fn accepted(version: &str, file: &File) -> Vec<Point> {
    // Then the fault is here: what such a line sets is not known.
    let unread = strange(file).map(|lines| {
        READ.unseen(format!(
            "HAProxy {version} accepts it, and doctor can't read {lines}"
        ))
    });
    READ.or_ok(unread, format!("HAProxy {version} accepts it (haproxy -c)"))
}

fn refused(version: &str, alerts: &[String]) -> Point {
    READ.error(
        format!("HAProxy {version} refuses it: {}", first(alerts)),
        CORRECT,
    )
}

/// What does not count for sure, so that this reader's own points stay.
fn not_decisive(said: &Said) -> Point {
    let not_known = "the balancer's version is not known";
    match said {
        Said::Accepted(version) => READ.unseen(format!(
            "HAProxy {version} of this host accepts it (haproxy -c); {not_known}"
        )),
        Said::Refused(version, alerts) => READ.warning(
            format!(
                "HAProxy {version} of this host refuses it: {}; {not_known}",
                first(alerts)
            ),
            CORRECT,
        ),
        Said::Unknown(why) => READ.unseen(why.as_str()),
        Said::OfAnother(said) => not_decisive(said),
    }
}

fn first(alerts: &[String]) -> String {
    let alerts: Vec<&str> = alerts.iter().map(String::as_str).collect();
    first_three(&alerts).unwrap_or_default()
}

/// What this reader can't read, and HAProxy would refuse.
fn unread(texts: &[Text<'_>], file: &File) -> Vec<Point> {
    let strange = strange(file)
        .map(|lines| READ.error(lines, "HAProxy itself shows more: haproxy -c -f FILE"));
    let is_cut = |one: &&Text<'_>| !one.text.is_empty() && !one.text.ends_with('\n');
    let cut = texts.iter().filter(is_cut).map(|text| {
        let of = if text.name.is_empty() {
            "it"
        } else {
            text.name
        };
        let found = format!(
            "{of} was cut off, or its last line has no end: HAProxy refuses such a file from 2.3 on"
        );
        READ.error(found, "copy the whole file again, or end its last line")
    });
    strange.into_iter().chain(cut).collect()
}

/// The lines that can't be parsed.
fn strange(file: &File) -> Option<String> {
    let lines = file.strange.iter();
    let lines: Vec<String> = lines
        .map(|(place, why)| format!("{place}: {why}"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    first_three(&lines)
}

fn conditional(file: &File) -> Option<Point> {
    file.conditional.then(|| {
        BRANCHES.warning(
            "it has .if: all branches were read, as if each were true",
            "name a file without the branches that HAProxy does not take",
        )
    })
}
