//! The tests of rolls rely on what the watch makes of HAProxy's answers. Here the answers are
//! known.

use lab::observation::{Moment, Observation, Track};
use lab::process::Line;

/// One HAProxy with two hosts: their status and slow start at each second.
fn track(moments: &[[&str; 2]]) -> Track {
    let moments = moments.iter().enumerate();
    track_at(moments.map(|(second, statuses)| (second as f64, *statuses)))
}

/// The same at these times.
fn track_at<'a>(moments: impl IntoIterator<Item = (f64, [&'a str; 2])>) -> Track {
    let mut moments = moments.into_iter().map(|(at, statuses)| {
        let mut moment = Moment::at(at);
        for (name, status) in ["web1", "web2"].iter().zip(statuses) {
            let (status, throttle) = status.split_once(',').unwrap_or((status, ""));
            moment.add(name, status, throttle);
        }
        moment
    });
    let mut track = Track::new(moments.next().expect("a first one"));
    moments.for_each(|moment| track.add(moment));
    track
}

fn one(moments: &[[&str; 2]]) -> Observation {
    Observation::new(vec![track(moments)])
}

/// `host from to`, with a dash for a span without an end.
fn spans(seen: &Observation) -> Vec<String> {
    let to = |to: Option<f64>| to.map_or("-".to_owned(), |to| to.to_string());
    let spans = seen.spans().into_iter();
    let spans = spans.map(|span| format!("{} {} {}", span.host, span.from, to(span.to)));
    spans.collect()
}

const IN_TURN: [[&str; 2]; 6] = [
    ["UP", "UP"],
    ["DOWN", "UP"],
    ["UP 1/2", "UP"],
    ["UP", "UP"],
    ["UP", "MAINT"],
    ["UP", "UP"],
];

const TOO_EARLY: [[&str; 2]; 5] = [
    ["UP", "UP"],
    ["DOWN", "UP"],
    // The host has users again, but not yet its full weight.
    ["UP,50%", "DOWN"],
    ["UP", "DOWN"],
    ["UP", "UP"],
];

#[test]
fn a_host_is_out_until_it_is_fully_up() {
    let seen = one(&IN_TURN);
    assert_eq!(spans(&seen), ["1 1 3", "2 4 5"]);
    assert_eq!(seen.most(), [1]);
    seen.assert_at_most(1);
    seen.assert_batches(&[&[1], &[2]]);
    assert_eq!(spans(&one(&TOO_EARLY)), ["1 1 3", "2 2 4"]);
    // A line on its way to DOWN still has users. If it never gets there, the host was never out.
    let seen = one(&[["UP 1/2", "UP"], ["UP", "UP"], ["UP", "DRAIN"]]);
    assert_eq!(spans(&seen), ["2 2 -"]);
}

#[test]
fn a_host_is_out_by_any_haproxy_and_back_by_all() {
    let late = [
        ["UP", "UP"],
        ["UP", "UP"],
        ["DOWN", "UP"],
        ["DOWN", "UP"],
        ["UP", "UP"],
    ];
    let seen = Observation::new(vec![track(&IN_TURN), track(&late)]);
    assert_eq!(spans(&seen), ["1 1 4", "2 4 5"]);
    assert_eq!(seen.most(), [1, 1]);
    let twice = [["DOWN", "UP"], ["UP", "UP"], ["DOWN", "UP"], ["UP", "UP"]];
    assert_eq!(spans(&one(&twice)), ["1 0 1", "1 2 3"]);
}

/// By the other HAProxy the second host is out before the watch sees the end of the first one.
#[test]
fn a_watch_that_stalls_finds_nothing_early() {
    let stalled = track_at([(0.0, ["UP"; 2]), (1.2, ["DOWN", "UP"]), (6.0, ["UP"; 2])]);
    let seen = Observation::new(vec![track(&IN_TURN), stalled]);
    assert_eq!(spans(&seen), ["1 1 6", "2 4 5"]);
    seen.assert_batches(&[&[1], &[2]]);
}

#[test]
#[should_panic(expected = "[2] began too early")]
fn an_early_batch_is_found() {
    let seen = one(&TOO_EARLY);
    seen.assert_at_most(1);
    seen.assert_batches(&[&[1], &[2]]);
}

#[test]
#[should_panic(expected = "more than 1 out")]
fn too_many_hosts_out_are_found() {
    one(&[["UP", "UP"], ["DOWN", "DOWN"], ["UP", "UP"]]).assert_at_most(1);
}

/// The log has this moment; the two looks miss it.
#[test]
#[should_panic(expected = "more than 1 out: Moment { at: 1.3, out: {1, 2}")]
fn too_many_hosts_out_for_an_instant_are_found() {
    let mut track = track(&IN_TURN);
    let log = [
        (-1.0, "Server srvs/web2 is DOWN"),
        (1.1, "Server srvs/web1 is DOWN, reason: Layer4"),
        (1.2, "Backup Server srvs/bkp2 is DOWN, reason: Layer4"),
        (1.3, "Server srvs/web2 is DOWN, reason: Layer4"),
        (1.4, "Server srvs/web1 is UP, reason: Layer7"),
    ];
    track.hear(&log.map(|(at, text)| {
        let text = text.to_owned();
        Line { at, text }
    }));
    Observation::new(vec![track]).assert_at_most(1);
}

#[test]
#[should_panic(expected = "others were out, too")]
fn another_host_out_is_found() {
    one(&IN_TURN).assert_batches(&[&[1]]);
}
