//! Two hosts that close at the same moment.

use super::*;
use crate::haproxy::Others;
use Role::{Main, Twin};

/// The classic layout has no twin's gate to claim by.
fn floored() -> Limits {
    Limits {
        two_stage: false,
        serving: vec!["lb backend srvs".into()],
        ..limits()
    }
}

fn others(usable: usize, status: &str) -> Seen {
    let mut look = seen(&[(Main, status, 0), (Twin, status, 0)]);
    look.balancers[0].others = vec![Others {
        backend: "srvs".into(),
        usable,
        claimed: Vec::new(),
        own_usable: false,
    }];
    look
}

fn step(phase: Phase, seen: &Seen) -> Step {
    decide(Verb::Restart, &phase, seen, &floored())
}

fn at(seconds: u64, look: Seen) -> Seen {
    let elapsed = Duration::from_secs(seconds);
    Seen { elapsed, ..look }
}

fn few() -> Phase {
    let few = "lb backend srvs has 0 other usable servers, min_available is 1";
    Phase::PutBack(Why::TooFewServers(vec![few.into()]))
}

#[test]
fn once_out_the_others_are_counted_once_more() {
    assert_eq!(goes(step(Phase::Close, &others(0, "DOWN"))), Phase::Floor);
    let drain = Phase::Drain { zeros: 0 };
    assert_eq!(goes(step(Phase::Floor, &others(1, "DOWN"))), drain);
    assert_eq!(goes(step(Phase::Floor, &others(0, "DOWN"))), few());
    // Nothing is judged by what can't be seen, or while the line is UP again.
    assert_eq!(waits(step(Phase::Floor, &blind())).len(), 1);
    assert_eq!(waits(step(Phase::Floor, &others(0, "UP"))).len(), 1);
}

#[test]
fn a_host_that_served_nobody_takes_nothing_away() {
    let step = decide(Verb::Restart, &Phase::Close, &others(0, "DOWN"), &limits());
    assert_eq!(goes(step), Phase::Shed);
    let elsewhere = Limits {
        serving: vec!["lb backend others".into()],
        ..limits()
    };
    assert_eq!(others(0, "DOWN").too_few(&elsewhere).len(), 0);
}

#[test]
fn who_gives_way_waits_for_its_turn_and_tries_again_until_the_last() {
    let until = |seconds| Phase::BackOff {
        until: Duration::from_secs(seconds),
    };
    assert_eq!(goes(step(few(), &at(2, others(0, "UP")))), until(3));
    let soon = waits(step(until(3), &at(2, others(1, "UP"))));
    assert_eq!(soon, ["there is room, and it is our turn at 3.0s"]);
    assert_eq!(goes(step(until(3), &at(3, others(1, "UP")))), Phase::Close);
    let later = step(until(3), &at(3, others(0, "UP")));
    assert!(matches!(later, Step::Stay { phase, .. } if phase == until(7)));
    let unseen = step(until(3), &at(3, blind()));
    assert!(matches!(unseen, Step::Stay { phase, .. } if phase == until(7)));
    for last in [
        step(until(7), &at(7, others(0, "UP"))),
        step(few(), &at(8, others(0, "UP"))),
    ] {
        let end = ends(last);
        assert_eq!(
            (end.exit_code(), end.word(Verb::Restart)),
            (12, "too_few_servers")
        );
        let told = end.message(Verb::Restart, "web");
        assert!(
            told.contains("the app was not touched; its lines are back"),
            "{told}"
        );
    }
}

#[test]
fn a_signal_while_waiting_for_the_turn_ends_it() {
    let waiting = Phase::BackOff {
        until: Duration::from_secs(3),
    };
    let look = Seen {
        interrupted: Some(15),
        ..others(1, "UP")
    };
    assert_eq!(ends(step(waiting, &look)).exit_code(), 143);
    assert_eq!(
        goes(step(Phase::Floor, &look)),
        Phase::PutBack(Why::Interrupted(15))
    );
}

#[test]
fn turns_come_one_after_the_other_and_within_the_limit() {
    let waits = [1, 2, 4, 8].map(Duration::from_secs);
    let turns = turns(waits.into_iter(), Duration::from_secs(7));
    assert_eq!(turns, [1, 3, 7].map(Duration::from_secs));
}
