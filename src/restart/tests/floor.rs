//! Two hosts that close at the same moment.

use super::*;
use crate::haproxy::{BackendCapacity, Floor};
use Role::{Main, Twin};

/// The classic layout has no twin's gate to claim by.
fn floored() -> Limits {
    Limits {
        two_stage: false,
        min_available: Floor::Servers(1),
        ..limits()
    }
}

fn others_usable(usable: usize, status: &str) -> Observation {
    let mut look = observation(&[(Main, status, 0), (Twin, status, 0)]);
    answer(&mut look).backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable,
        claimed: Vec::new(),
        ..BackendCapacity::default()
    }];
    look.serving = vec!["lb backend srvs".into()];
    look
}

fn step(phase: Phase, observation: &Observation) -> Step {
    decide(Verb::Restart, &phase, observation, &floored())
}

fn at(seconds: u64, look: Observation) -> Observation {
    let elapsed = Duration::from_secs(seconds);
    Observation { elapsed, ..look }
}

fn few() -> Phase {
    let few = "lb backend srvs has 0 other usable servers, min_available is 1";
    Phase::PutBack(Why::TooFewServers(vec![few.into()]))
}

#[test]
fn once_out_the_capacity_is_rechecked() {
    let mut uncounted = others_usable(0, "DOWN");
    answer(&mut uncounted).backends.clear();
    assert_eq!(goes(step(Phase::Close, &uncounted)), Phase::Floor);
    let drain = Phase::Drain { zeros: 0 };
    assert_eq!(goes(step(Phase::Floor, &others_usable(1, "DOWN"))), drain);
    assert_eq!(goes(step(Phase::Floor, &others_usable(0, "DOWN"))), few());
    // Nothing is decided if a balancer can't be seen, or while the line is UP again.
    assert_eq!(waits(step(Phase::Floor, &blind())).len(), 1);
    assert_eq!(waits(step(Phase::Floor, &others_usable(0, "UP"))).len(), 1);
}

/// So many `usable` servers, and as many that HAProxy has not proven.
fn unsure(usable: usize, unproven: usize, status: &str) -> Observation {
    let mut look = others_usable(usable, status);
    answer(&mut look).backends[0].unproven = vec!["web2".into(); unproven];
    look
}

#[test]
fn a_host_that_is_up_gives_way_to_one_whose_first_check_has_failed() {
    let close = |observation: &Observation| step(Phase::Close, observation);
    for status in ["UP", "UP 1/2"] {
        assert_eq!(waits(close(&unsure(1, 1, status))).len(), 1, "{status}");
        let gave_way = goes(close(&unsure(0, 1, status)));
        assert!(
            matches!(gave_way, Phase::PutBack(Why::TooFewServers(_))),
            "{status}"
        );
    }
    // The capacity was not asked at this look.
    let mut uncounted = others_usable(0, "UP");
    answer(&mut uncounted).backends.clear();
    assert_eq!(waits(close(&uncounted)).len(), 1);
    let none_left = decide(
        Verb::Restart,
        &Phase::Close,
        &others_usable(0, "UP"),
        &limits(),
    );
    assert_eq!(waits(none_left).len(), 1);
}

#[test]
fn a_host_that_is_out_on_one_balancer_waits_for_the_other_to_give_way() {
    let mut look = unsure(0, 1, "DOWN");
    let mut second = unsure(1, 0, "UP 1/2").balancers.remove(0);
    second.name = "lb2".into();
    look.balancers.push(second);
    look.serving.push("lb2 backend srvs".into());
    assert_eq!(
        waits(step(Phase::Close, &look)),
        ["lb2 srvs/Main is UP 1/2"]
    );
    // The other host is out, too.
    answer(&mut look).backends[0].unproven.clear();
    assert!(matches!(goes(step(Phase::Close, &look)), Phase::PutBack(_)));
}

#[test]
fn the_floor_waits_for_a_host_that_may_give_way_but_not_for_ever() {
    let floor = |observation: &Observation| step(Phase::Floor, observation);
    let waiting = waits(floor(&unsure(0, 1, "DOWN")));
    assert!(
        waiting[0].contains("not counted while it shows `UP n/m`: web2"),
        "{waiting:?}"
    );
    assert_eq!(
        goes(floor(&unsure(1, 0, "DOWN"))),
        Phase::Drain { zeros: 0 }
    );
    assert!(matches!(
        goes(floor(&late(unsure(0, 1, "DOWN")))),
        Phase::PutBack(_)
    ));
}

#[test]
fn a_claim_that_shows_needs_no_counting_while_the_line_goes_down() {
    let claims = Limits {
        two_stage: true,
        ..floored()
    };
    let mut look = unsure(0, 1, "UP");
    answer(&mut look).lines = vec![line(Main, "UP", 0), line(Twin, "DOWN", 0)];
    let close = |look: &Observation| decide(Verb::Restart, &Phase::Close, look, &claims);
    assert_eq!(waits(close(&look)).len(), 1);
    // An operator holds the twin, so other hosts can't see the claim.
    answer(&mut look).lines = vec![line(Main, "UP", 0), line(Twin, "MAINT", 0)];
    assert!(matches!(goes(close(&look)), Phase::PutBack(_)));
}

#[test]
fn a_host_that_served_no_users_takes_nothing_away() {
    let mut look = others_usable(0, "DOWN");
    look.serving = Vec::new();
    let drain = Phase::Drain { zeros: 0 };
    assert_eq!(goes(step(Phase::Close, &look)), drain);
    look.serving = vec!["lb backend others".into()];
    assert_eq!(look.too_few(&floored()).len(), 0);
}

#[test]
fn a_host_that_gives_way_tries_again_at_each_turn() {
    let until = |seconds| Phase::BackOff {
        until: Duration::from_secs(seconds),
    };
    assert_eq!(goes(step(few(), &at(2, others_usable(0, "UP")))), until(3));
    let soon = waits(step(until(3), &at(2, others_usable(1, "UP"))));
    assert_eq!(soon, ["enough other servers; our turn is at 3.0s"]);
    assert_eq!(
        goes(step(until(3), &at(3, others_usable(1, "UP")))),
        Phase::Close
    );
    let later = step(until(3), &at(3, others_usable(0, "UP")));
    assert!(matches!(later, Step::Stay { phase, .. } if phase == until(7)));
    let unseen = step(until(3), &at(3, blind()));
    assert!(matches!(unseen, Step::Stay { phase, .. } if phase == until(7)));
    for last in [
        step(until(7), &at(7, others_usable(0, "UP"))),
        step(few(), &at(8, others_usable(0, "UP"))),
    ] {
        let end = ends(last);
        assert_eq!(
            (end.exit_code(), end.word(Verb::Restart)),
            (12, "too_few_servers")
        );
        let message = end.message(Verb::Restart, "web");
        assert!(
            message.contains("the app was not touched; the lines are back"),
            "{message}"
        );
    }
}

#[test]
fn a_signal_while_waiting_for_the_turn_ends_it() {
    let waiting = Phase::BackOff {
        until: Duration::from_secs(3),
    };
    let look = Observation {
        interrupted: Some(15),
        ..others_usable(1, "UP")
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
