//! Two operations at once: on one host, and on two hosts of which one may be out.

use std::time::Duration;

use crate::operation::report;
use crate::round::Round;
use lab::agent::Ended;

pub fn on_one_host(round: &mut Round) {
    round.booted(1..=1);
    match round.one_in(2) {
        true => in_the_same_moment(round),
        false => one_later(round),
    }
}

fn in_the_same_moment(round: &mut Round) {
    let both = [round.start("restart"), round.start("restart")];
    let exits = both.map(|one| round.end(one, "at once", &[0, 10]).exit);
    if exits[0] == exits[1] {
        round.violated(&format!("both of two operations exit with {}", exits[0]));
    }
}

fn one_later(round: &mut Round) {
    let mut first = round.start("restart");
    let moment = round.moment();
    if first.comes_to("close") && first.runs_after(moment) {
        // The first may end in a moment, but the second asks for its lock first.
        let phase = first.phase();
        let verb = round.pick(&["restart", "close", "open", "recover"]);
        let second = round.start(verb);
        let detail = format!("{phase}: beside a restart");
        let second = round.end(second, &detail, &[0, 10]);
        after_a_race(round, verb, &second, first.runs_after(Duration::ZERO));
    }
    round.end(first, "", &[0]);
}

/// The second gets the lock only after the end of the first.
fn after_a_race(round: &mut Round, verb: &str, second: &Ended, first_runs: bool) {
    match (second.exit, verb) {
        (0, _) if first_runs => round.violated(&format!("{verb} ran beside a restart")),
        (0, "restart") => round.booted(2..=2),
        (0, "close") => round.run_if(true, "open"),
        _ => {}
    }
}

/// Two of three must be usable: if two have closed at once, one gives way.
pub fn on_two_hosts(round: &mut Round) {
    round.set("app.web.min_available", 2);
    round.set("app.web.timeouts.turn", "2m");
    let other = round.another();
    let first = round.start("restart");
    std::thread::sleep(round.millis(0..250));
    let second = round.start_on(other, "restart");
    let mut ended = [
        (
            round.number,
            round.end(first, "with another host", &[0, 12]),
        ),
        (other, round.end(second, "with another host", &[0, 12])),
    ];
    for (number, ended) in ended.iter_mut().filter(|(_, ended)| ended.exit == 12) {
        // The other one was out already.
        let again = round.start_on(*number, "restart");
        *ended = round.end(again, "again", &[0]);
    }
    round.boots[round.number - 1] = 1..=1;
    round.boots[other - 1] = 1..=1;
    if ended.iter().all(|(_, ended)| ended.exit == 0) && overlap(&ended[0].1, &ended[1].1) {
        round.violated("two hosts were out together");
    }
}

/// From the restart of its app until its gates open, a host is the only one out.
fn overlap(one: &Ended, other: &Ended) -> bool {
    let [one, other] = [one, other].map(|ended| {
        let report = report(ended).expect("a report of an operation that was done");
        (report.began("restart"), report.began("open"))
    });
    one.0 < other.1 && other.0 < one.1
}
