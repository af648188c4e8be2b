//! Tables: a text and its window, and a moment and what the windows say of it.

use super::{Now, Windows, read};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

fn windows(texts: &[&str]) -> Windows {
    Windows(texts.iter().map(|text| read(text).unwrap()).collect())
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// `in, until ...` or `out, next ...`, in the zone of the window.
fn said(texts: &[&str], now: &str) -> String {
    let now: Timestamp = now.parse().unwrap();
    let shown = |at: Option<ZonedDateTime>| match at {
        Some(at) => at.strftime("%a %d %H:%M %Z").to_string(),
        None => "never".to_owned(),
    };
    match windows(texts).at(now, &berlin()) {
        Now::Inside { until } => format!("in, until {}", shown(until)),
        Now::Outside { next } => format!("out, next {}", shown(next)),
    }
}

#[track_caller]
fn table(rows: &[(&[&str], &str, &str)]) {
    for (texts, now, expected) in rows {
        assert_eq!(said(texts, now), *expected, "{texts:?} at {now}");
    }
}

#[test]
fn a_moment_is_within_a_window_or_before_the_next_one() {
    let office: &[&str] = &["Mon..Fri 09:00-17:00"];
    let nights: &[&str] = &["Fri 22:00-02:00"];
    let both: &[&str] = &["Mon..Fri 09:00-17:00", "Tue 17:00-18:30", "Tue 18:00-20:00"];
    // 2026-11-30 is a Monday.
    table(&[
        (
            office,
            "2026-11-30T08:59:59+01",
            "out, next Mon 30 09:00 CET",
        ),
        (
            office,
            "2026-11-30T09:00:00+01",
            "in, until Mon 30 17:00 CET",
        ),
        (
            office,
            "2026-11-30T16:59:59+01",
            "in, until Mon 30 17:00 CET",
        ),
        (
            office,
            "2026-11-30T17:00:00+01",
            "out, next Tue 01 09:00 CET",
        ),
        (
            office,
            "2026-12-04T17:00:00+01",
            "out, next Mon 07 09:00 CET",
        ),
        (
            office,
            "2026-12-06T12:00:00+01",
            "out, next Mon 07 09:00 CET",
        ),
        // Over midnight it has the day of its begin.
        (
            nights,
            "2026-12-04T21:59:59+01",
            "out, next Fri 04 22:00 CET",
        ),
        (
            nights,
            "2026-12-05T01:59:59+01",
            "in, until Sat 05 02:00 CET",
        ),
        (
            nights,
            "2026-12-05T02:00:00+01",
            "out, next Fri 11 22:00 CET",
        ),
        (
            nights,
            "2026-12-04T01:00:00+01",
            "out, next Fri 04 22:00 CET",
        ),
        // Those that touch or overlap are one.
        (both, "2026-12-01T10:00:00+01", "in, until Tue 01 20:00 CET"),
        (both, "2026-12-01T18:15:00+01", "in, until Tue 01 20:00 CET"),
        (both, "2026-12-02T10:00:00+01", "in, until Wed 02 17:00 CET"),
        (
            &["00:00-24:00"],
            "2026-12-02T10:00:00+01",
            "in, until never",
        ),
        (
            &["Wed 00:00-24:00"],
            "2026-12-02T23:59:59+01",
            "in, until Thu 03 00:00 CET",
        ),
    ]);
}

#[test]
fn a_window_may_have_a_time_zone_of_its_own() {
    let tokyo: &[&str] = &["Mon 09:00-10:00 Asia/Tokyo"];
    let both: &[&str] = &["Mon 09:00-10:00 Asia/Tokyo", "Mon 02:00-03:00"];
    table(&[
        (tokyo, "2026-11-30T00:30:00Z", "in, until Mon 30 10:00 JST"),
        (tokyo, "2026-11-30T01:00:00Z", "out, next Mon 07 09:00 JST"),
        // Sunday evening in Berlin's own day.
        (tokyo, "2026-11-29T20:00:00Z", "out, next Mon 30 09:00 JST"),
        (both, "2026-11-30T00:30:00Z", "in, until Mon 30 03:00 CET"),
    ]);
}

#[test]
fn a_window_follows_the_clocks_when_they_change() {
    let early: &[&str] = &["02:30-03:30"];
    let lost: &[&str] = &["02:00-03:00"];
    let office: &[&str] = &["09:00-17:00"];
    table(&[
        // 2026-03-29: at 02:00 CET the clocks go to 03:00 CEST.
        (
            office,
            "2026-03-28T20:00:00Z",
            "out, next Sun 29 09:00 CEST",
        ),
        (
            office,
            "2026-03-29T06:59:59Z",
            "out, next Sun 29 09:00 CEST",
        ),
        (early, "2026-03-29T00:59:59Z", "out, next Sun 29 03:00 CEST"),
        (early, "2026-03-29T01:00:00Z", "in, until Sun 29 03:30 CEST"),
        (early, "2026-03-29T01:30:00Z", "out, next Mon 30 02:30 CEST"),
        (lost, "2026-03-29T00:59:59Z", "out, next Mon 30 02:00 CEST"),
        (lost, "2026-03-29T01:00:00Z", "out, next Mon 30 02:00 CEST"),
        // 2026-10-25: at 03:00 CEST they go back to 02:00 CET. It begins and ends at the first 02:30.
        (early, "2026-10-25T00:29:59Z", "out, next Sun 25 02:30 CEST"),
        (early, "2026-10-25T00:30:00Z", "in, until Sun 25 03:30 CET"),
        (
            &["01:00-02:30"],
            "2026-10-25T00:29:59Z",
            "in, until Sun 25 02:30 CEST",
        ),
        (
            &["01:00-02:30"],
            "2026-10-25T00:30:00Z",
            "out, next Mon 26 01:00 CET",
        ),
    ]);
}

#[test]
fn days_and_times_are_read_as_they_are_written() {
    let days = |text: &str| {
        let days = read(&format!("{text} 1:00-2:00")).unwrap().days;
        days.map(|day| if day { 'x' } else { '-' })
            .iter()
            .collect::<String>()
    };
    for (text, expected) in [
        ("Mon", "x------"),
        ("Mon..Fri", "xxxxx--"),
        ("Sat,Sun", "-----xx"),
        ("Fri..Mon", "x---xxx"),
        ("Mon..Wed,Sat", "xxx--x-"),
        ("monday..FRI", "xxxxx--"),
        ("Sun..Sun", "------x"),
    ] {
        assert_eq!(days(text), expected, "{text}");
    }
    assert_eq!(read("1:00-2:00").unwrap().days, [true; 7]);
    assert_eq!(
        windows(&["  Mon   9:00-17:00 "]).to_string(),
        "Mon 9:00-17:00"
    );
}

#[test]
fn a_mistake_names_what_was_expected() {
    for (text, answer) in [
        ("", "no times in"),
        ("Mon..Fri", "no times in"),
        ("Mon-Fri 09:00-17:00", "expected days as \"Mon..Fri\""),
        ("Mon.. 09:00-17:00", "found \"Mon..\""),
        ("Mo 09:00-17:00", "found \"Mo\""),
        ("Mon 9-17", "expected a begin and an end"),
        ("Mon 09:00", "expected a begin and an end"),
        ("Mon 09:00..17:00", "expected a begin and an end"),
        ("Mon 09:60-17:00", "expected a begin and an end"),
        ("Mon 25:00-26:00", "from 00:00 to 24:00, as"),
        ("Mon 24:00-17:00", "expected a begin and an end"),
        ("Mon 9:0-17:00", "expected a begin and an end"),
        ("Mon +9:00-17:00", "expected a begin and an end"),
        ("09:00-09:00", "the whole day is \"00:00-24:00\""),
        ("09:00-17:00 Berlin", "no time zone \"Berlin\""),
        ("09:00-17:00 ../../etc/passwd", "no time zone"),
        ("09:00-17:00 UTC now", "\"now\" is too much"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.contains(answer), "{text:?}: {said}");
    }
}
