//! The settle time: of a switch, of a restart and of an upgrade.

use super::*;
use crate::haproxy::{BackendErrors, ErrorCounts};
use settle::{Figures, Settle, Share, Watch};

fn settling() -> Limits {
    Limits {
        settle: Some(Settle {
            lasts: Duration::from_secs(30),
            errors: Share::hundredths(100).unwrap(),
        }),
        ..limits()
    }
}

fn counts(tries: u64, answers_5xx: u64) -> ErrorCounts {
    ErrorCounts {
        tries,
        requests: tries,
        answers_5xx,
        ..ErrorCounts::default()
    }
}

fn figures(ours: (u64, u64), others: (u64, u64)) -> Observation {
    Observation {
        settle: Some(Figures {
            ours: counts(ours.0, ours.1),
            others: counts(others.0, others.1),
            compared: 9,
        }),
        ..look(UP, DOWN)
    }
}

fn settle() -> SwitchPhase {
    SwitchPhase::Settle {
        undrained: Vec::new(),
    }
}

/// Requests and errors of ours, those of the others, and whether that is too bad.
#[test]
fn errors_count_beside_those_of_the_other_servers() {
    for (ours, others, is_sick) in [
        ((1000, 0), (0, 0), false),
        // One request in ten, at 30 a second, within a second.
        ((30, 3), (0, 0), true),
        ((30, 3), (900, 0), true),
        // A single error is no share, and neither are a few requests, unless most of them failed.
        ((30, 1), (0, 0), false),
        ((9, 4), (0, 0), false),
        ((9, 5), (0, 0), true),
        ((2, 2), (0, 0), false),
        ((10, 3), (0, 0), true),
        // 1% is allowed.
        ((1000, 10), (0, 0), false),
        ((1000, 11), (0, 0), false),
        ((1000, 12), (0, 0), false),
        ((1000, 17), (0, 0), true),
        // The database is down for all: the old version would be no better.
        ((1000, 100), (1000, 100), false),
        ((1000, 100), (1000, 50), true),
        // Few requests of others say nothing about them.
        ((1000, 100), (5, 5), true),
    ] {
        let step = decides(&settle(), &figures(ours, others), &settling());
        let went_back = format!("{step:?}").contains("TakeBack");
        assert_eq!(went_back, is_sick, "{ours:?} beside {others:?}: {step:?}");
    }
}

#[test]
fn the_reason_has_the_figures() {
    let seen = figures((300, 30), (600, 1));
    let SwitchPhase::TakeBack(why) = next(&settle(), &seen, &settling()) else {
        panic!();
    };
    assert_eq!(
        why.in_words(),
        "the new target is sick: 300 requests, 30 errors (30 answered 5xx); other servers: 600 \
         requests, 1 error (1 answered 5xx); allowed are 1% more than on other servers"
    );
    let waiting = waits(decides(&settle(), &figures((300, 0), (0, 0)), &settling()));
    assert_eq!(waiting, ["300 requests, 0 errors"]);
}

/// Nothing shows how users are answered: that is no steadiness.
#[test]
fn without_requests_it_ends_with_a_notice_of_its_own() {
    let unread = Observation {
        settle: Some(Figures::default()),
        ..look(UP, DOWN)
    };
    let ended = |seen: &Observation| match decides(&settle(), seen, &settling()) {
        Step::Go { note, .. } => note.unwrap(),
        other => panic!("{other:?}"),
    };
    for (seen, says) in [
        (
            figures((0, 0), (900, 0)),
            "HAProxy sent none to the new version",
        ),
        (
            unread.clone(),
            "no balancer has shown its error counters at two looks",
        ),
    ] {
        let seen = late(seen);
        let note = ended(&seen);
        let begin = format!("settle saw no requests: {says}; ");
        assert!(note.starts_with(&begin), "{note}");
        let restarted = ends(restarts(Phase::Settle, &seen, &settling()));
        assert_eq!(restarted, Outcome::Done { note: Some(note) });
    }
    let waiting = waits(decides(&settle(), &unread, &settling()));
    assert_eq!(
        waiting,
        ["no balancer has shown its error counters at two looks yet"]
    );
    let few = ended(&late(figures((1, 0), (0, 0))));
    assert_eq!(few, "settle saw 1 request, 0 errors");
}

/// An hour of drain without an error hides nothing that comes after it, and the drain is judged, too.
#[test]
fn each_phase_is_judged_by_its_own_figures_and_by_all() {
    let of = |ours: (u64, u64)| figures(ours, (0, 0)).settle;
    for (in_phase, all, is_sick) in [
        ((30, 0), (60_030, 0), false),
        ((30, 3), (60_030, 3), true),
        // Few in each phase, and enough in both.
        ((6, 3), (12, 6), true),
        ((6, 0), (6, 0), false),
    ] {
        let seen = Observation {
            settle: of(all),
            settle_in_phase: of(in_phase),
            ..look(DOWN, UP)
        };
        let in_settle = Observation {
            balancers: seen.other.clone(),
            other: seen.balancers.clone(),
            ..seen.clone()
        };
        for (phase, seen) in [(DRAIN, &seen), (settle(), &in_settle)] {
            let step = format!("{:?}", decides(&phase, seen, &settling()));
            assert_eq!(step.contains("TakeBack"), is_sick, "{phase:?}: {step}");
        }
    }
}

/// The new target has new users from the begin of Leave on.
#[test]
fn it_is_counted_from_the_begin_of_leave_on() {
    let phase = |phase: &SwitchPhase| Phase::Switch(phase.clone());
    let window = SwitchPhase::Sticky {
        sessions: 0,
        busy_at: Duration::ZERO,
    };
    for (counted, asks_other) in [
        (SwitchPhase::Leave, Some(Ask::Errors)),
        (window, Some(Ask::Errors)),
        (SwitchPhase::Shed, Some(Ask::Errors)),
        (DRAIN, Some(Ask::Errors)),
        (settle(), Some(Ask::Lines)),
    ] {
        let counted = phase(&counted);
        assert!(counted.counts(&settling()), "{counted:?}");
        assert_eq!(counted.asks_other(&settling()), asks_other, "{counted:?}");
    }
    for other in [
        SwitchPhase::Join,
        PARK,
        SwitchPhase::TakeBack(WhyBack::CutShort),
    ] {
        assert!(!phase(&other).counts(&settling()), "{other:?}");
        assert_eq!(phase(&other).asks_other(&settling()), Some(Ask::Lines));
    }
    assert_eq!(phase(&STOP).asks_other(&settling()), None);
    // Nothing is watched later.
    let back = Limits {
        switch: within(How::Back).switch,
        ..settling()
    };
    for limits in [back, limits()] {
        assert!(!phase(&DRAIN).counts(&limits));
        assert_eq!(phase(&DRAIN).asks_other(&limits), Some(Ask::Lines));
    }
    let seen = look(DOWN, UP);
    assert_eq!(
        phase(&DRAIN).serving(&seen.balancers, &seen.other),
        seen.other
    );
    assert_eq!(
        phase(&settle()).serving(&seen.balancers, &seen.other),
        seen.balancers
    );
}

#[test]
fn it_comes_after_the_drain_and_ends_with_its_time() {
    let drained = SwitchPhase::Drain { zeros: 1 };
    assert_eq!(next(&drained, &look(DOWN, UP), &settling()), settle());
    let steady = late(figures((300, 0), (0, 0)));
    assert_eq!(next(&settle(), &steady, &settling()), PARK);
    // What served before is not watched again.
    let back = Limits {
        switch: within(How::Back).switch,
        ..settling()
    };
    assert_eq!(next(&drained, &look(DOWN, UP), &back), PARK);
    // Long connections keep the old one running, and the new one is watched all the same.
    let mut busy = late(look(DOWN, UP));
    answer(&mut busy).lines[0].in_flight = 2;
    let watched = next(&DRAIN, &busy, &settling());
    let sick = next(&watched, &figures((30, 30), (0, 0)), &settling());
    assert_eq!(sick.name(), "take_back");
    assert_eq!(
        ends(decides(&watched, &steady, &settling())).exit_code(),
        19
    );
}

#[test]
fn the_checks_and_the_health_count_too() {
    for seen in [look(["DOWN", "UP"], DOWN), sick(look(UP, DOWN))] {
        assert_eq!(next(&settle(), &seen, &settling()).name(), "take_back");
    }
}

/// The looks of a balancer: its worker's start, and the counters of ours and of others.
#[test]
fn counters_that_begin_again_lose_only_one_step() {
    let mut watch = Watch::default();
    let mut looks = |started, ours: (u64, u64)| {
        let mut seen = look(UP, UP);
        seen.balancers[0].worker = Some(crate::haproxy::Worker {
            version: "3.2".to_owned(),
            pid: 7,
            uptime: 0,
            started,
        });
        answer(&mut seen).errors = Some(vec![BackendErrors {
            backend: "srvs".to_owned(),
            ours: counts(ours.0, ours.1),
            others: counts(ours.0, 0),
        }]);
        let figures = watch.look(&seen.balancers);
        (figures.ours.tries, figures.ours.answers_5xx)
    };
    assert_eq!(looks(1, (1000, 50)), (0, 0));
    assert_eq!(looks(1, (1010, 51)), (10, 1));
    // A reload: its first look is the new begin.
    assert_eq!(looks(2, (2000, 100)), (10, 1));
    assert_eq!(looks(2, (2005, 100)), (15, 1));
    // An operator clears the counters.
    assert_eq!(looks(2, (3, 0)), (15, 1));
    assert_eq!(looks(2, (5, 1)), (17, 2));
    watch.enters_phase();
    assert_eq!(watch.look(&blind().balancers).ours.tries, 17);
    assert_eq!(watch.in_phase().ours.tries, 0);
}

fn restarts(phase: Phase, seen: &Observation, limits: &Limits) -> Step {
    decide(Verb::Restart, &phase, seen, limits)
}

#[test]
fn a_restart_is_watched_and_reports_what_is_sick() {
    let up = look(UP, UP);
    assert_eq!(goes(restarts(Phase::Open, &up, &settling())), Phase::Settle);
    assert_eq!(ends(restarts(Phase::Open, &up, &limits())).exit_code(), 0);
    let opened = decide(Verb::Open, &Phase::Open, &up, &settling());
    assert_eq!(ends(opened).exit_code(), 0);
    let steady = late(figures((300, 0), (0, 0)));
    let end = ends(restarts(Phase::Settle, &steady, &settling()));
    assert_eq!(end, Outcome::Done { note: None });
    let end = ends(restarts(
        Phase::Settle,
        &figures((30, 3), (0, 0)),
        &settling(),
    ));
    assert_eq!((end.exit_code(), end.word(Verb::Restart)), (15, "sick"));
    let message = end.message(Verb::Restart, "web");
    assert!(message.contains("30 requests, 3 errors"), "{message}");
    let signal = ends(restarts(
        Phase::Settle,
        &signalled(look(UP, UP)),
        &settling(),
    ));
    assert_eq!(signal.exit_code(), 130);
}

#[test]
fn a_sick_upgrade_goes_out_again_and_is_rolled_back() {
    let limits = Limits {
        upgrades: true,
        rolls_back: true,
        ..settling()
    };
    let of = |version: Version, seen: Observation| Observation { version, ..seen };
    let bad = of(Version::New, figures((30, 3), (0, 0)));
    let Phase::Sick(why) = goes(restarts(Phase::Settle, &bad, &limits)) else {
        panic!();
    };
    let sick = Version::New.at(&Phase::Sick(why.clone()));
    assert_eq!(sick, Version::Sick(why.clone()));
    let out = goes(restarts(
        Phase::Sick(why),
        &of(sick.clone(), look(UP, UP)),
        &limits,
    ));
    assert_eq!(out, Phase::Close);
    let drained = of(sick.clone(), look(DOWN, DOWN));
    let Phase::Rollback(why) = goes(restarts(Phase::Drain { zeros: 1 }, &drained, &limits)) else {
        panic!();
    };
    assert!(
        why.starts_with("the app was sick: 30 requests, 3 errors"),
        "{why}"
    );
    // It can't be taken out: it serves, and the outcome says that it is sick.
    let put_back = Phase::PutBack(Why::NotOut(vec!["lb srvs/Main is UP".to_owned()]));
    let end = ends(restarts(put_back, &of(sick, look(UP, UP)), &limits));
    assert_eq!(end.word(Verb::Restart), "sick");
    let message = end.message(Verb::Restart, "web");
    assert!(
        message.contains("not rolled back: not out of rotation"),
        "{message}"
    );
    // What came back is not watched.
    let old = of(Version::Old("sick".to_owned()), look(UP, UP));
    assert_eq!(ends(restarts(Phase::Open, &old, &limits)).exit_code(), 17);
}
