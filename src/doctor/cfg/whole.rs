//! Checks the files as a whole: HAProxy accepts them, and all of them could be read.

use super::accepted::Said;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::lines::line::first_three;
use crate::haproxy::cfg::file::{File, Text};

checks! {
    READ "cfg-file": "what can't be read can't be checked, and HAProxy itself refuses such a file";
}

/// HAProxy's word counts before that of this reader.
pub(super) fn points(texts: &[Text<'_>], file: &File, said: Option<&Said>) -> Vec<Point> {
    match said {
        Some(Said::Accepted(version)) => accepted(version, file),
        Some(Said::Refused(version, alerts)) => vec![refused(version, alerts)],
        Some(Said::Unknown(why)) => {
            let seen = read(texts, file).into_iter();
            seen.chain([READ.unseen(why.as_str())]).collect()
        }
        None => read(texts, file),
    }
}

fn accepted(version: &str, file: &File) -> Vec<Point> {
    // Then the fault is here: what such a line sets is not known.
    let unread = strange(file).map(|lines| {
        READ.unseen(format!(
            "HAProxy {version} accepts it, and doctor can't read {lines}"
        ))
    });
    READ.or_ok(
        unread.into_iter().chain(conditional(file)),
        format!("HAProxy {version} accepts it (haproxy -c)"),
    )
}

fn refused(version: &str, alerts: &[String]) -> Point {
    let alerts: Vec<&str> = alerts.iter().map(String::as_str).collect();
    let found = first_three(&alerts).unwrap_or_default();
    READ.error(
        format!("HAProxy {version} refuses it: {found}"),
        "correct it, or copy the whole file again; HAProxy's own words: haproxy -c -f FILE",
    )
}

fn read(texts: &[Text<'_>], file: &File) -> Vec<Point> {
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
    READ.or_ok(
        strange.into_iter().chain(cut).chain(conditional(file)),
        "all lines could be read",
    )
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
        READ.warning(
            "it has .if: all branches were read, as if each were true",
            "name a file without the branches that HAProxy does not take",
        )
    })
}
