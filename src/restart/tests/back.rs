//! The way back, and signals on it.

use super::*;
use Role::{Main, Twin};

#[test]
fn the_gates_open_only_before_a_healthy_app() {
    let asked = |health| Observation {
        health: Some(health),
        ..observation(&[])
    };
    let sick = asked(Err("503".to_owned()));
    assert_eq!(
        goes(step(Phase::Healthy { streak: 0 }, &asked(Ok(())))),
        Phase::Open
    );
    assert_eq!(
        waits(step(Phase::Healthy { streak: 0 }, &sick)),
        ["the app: 503"]
    );
    assert_eq!(
        ends(step(Phase::Healthy { streak: 0 }, &late(sick))).exit_code(),
        15
    );
    let failed = Observation {
        action_result: ActionResult::Failed("exit 1".into()),
        ..observation(&[])
    };
    assert_eq!(ends(step(Phase::Restart, &failed)).exit_code(), 15);
}

/// With held gates the operation does not wait for HAProxy. A gate that can't be closed does not
/// end it.
#[test]
fn held_gates_stay_closed_once_the_app_is_healthy() {
    let held = Limits {
        stays_closed: true,
        ..limits()
    };
    let healthy = |observation: &Observation| {
        let phase = Phase::Healthy { streak: 0 };
        decide(Verb::Restart, &phase, observation, &held)
    };
    let well = Observation {
        health: Some(Ok(())),
        ..observation(&[(Main, "DOWN", 0)])
    };
    assert_eq!(ends(healthy(&well)), Outcome::RestartedClosed);
    let signalled = Observation {
        interrupted: Some(15),
        ..well.clone()
    };
    assert_eq!(ends(healthy(&signalled)).exit_code(), 143);
    let rolled_back = Observation {
        version: Version::Old("503".into()),
        ..well.clone()
    };
    let end = ends(healthy(&rolled_back));
    assert_eq!(end, Outcome::RolledBackClosed("503".into()));
    let open = Observation {
        action_result: ActionResult::Failed("no".into()),
        ..well
    };
    assert_eq!(waits(healthy(&open)), ["no"]);
    assert_eq!(ends(healthy(&late(open))).exit_code(), 1);
    let sick = late(Observation {
        health: Some(Err("503".into())),
        ..observation(&[])
    });
    assert_eq!(
        ends(healthy(&sick)),
        Outcome::NotHealthyClosed("503".into())
    );
}

#[test]
fn healthy_as_often_in_a_row_as_asked() {
    let limits = Limits {
        healthy_times: 2,
        ..limits()
    };
    let well = Observation {
        health: Some(Ok(())),
        ..observation(&[])
    };
    let first = decide(Verb::Restart, &Phase::Healthy { streak: 0 }, &well, &limits);
    assert!(matches!(
        first,
        Step::Stay {
            phase: Phase::Healthy { streak: 1 },
            ..
        }
    ));
    assert_eq!(
        goes(decide(
            Verb::Restart,
            &Phase::Healthy { streak: 1 },
            &well,
            &limits
        )),
        Phase::Open
    );
}

#[test]
fn back_means_proven_up_on_both_lines_but_an_operators_hold_is_respected() {
    assert_eq!(
        ends(step(
            Phase::Open,
            &observation(&[(Main, "UP", 0), (Twin, "UP", 0)])
        ))
        .exit_code(),
        0
    );
    assert_eq!(
        ends(step(
            Phase::Open,
            &observation(&[(Main, "MAINT", 0), (Twin, "DRAIN", 0)])
        ))
        .exit_code(),
        0
    );
    assert_eq!(
        waits(step(
            Phase::Open,
            &observation(&[(Main, "UP", 0), (Twin, "UP 2/3", 0)])
        ))
        .len(),
        1
    );
    let weightless = observation(&[(Main, "UP (weight 0)", 0), (Twin, "UP", 0)]);
    let Outcome::Done { note: Some(note) } = ends(step(Phase::Open, &weightless)) else {
        panic!("it does not wait for a line that an operator holds, and says so");
    };
    assert!(note.contains("is UP (weight 0): held out"), "{note}");
    // HAProxy sends a twin of weight 0 its sticky users, so it is not held.
    let rising = observation(&[(Main, "UP", 0), (Twin, "UP 2/4 (weight 0)", 0)]);
    let wanted = ["lb srvs/Twin is UP 2/4 (weight 0)"];
    assert_eq!(waits(step(Phase::Open, &rising)), wanted);
    let back = observation(&[(Main, "UP", 0), (Twin, "UP (weight 0)", 0)]);
    assert_eq!(ends(step(Phase::Open, &back)), Outcome::Done { note: None });
    assert_eq!(
        ends(step(Phase::Open, &late(observation(&[(Main, "DOWN", 0)])))).exit_code(),
        16
    );
    assert_eq!(ends(step(Phase::Open, &late(blind()))).exit_code(), 16);
}

#[test]
fn an_end_by_signal_says_what_is_left() {
    let left = |shown| {
        let signalled = Observation {
            interrupted: Some(2),
            ..observation(shown)
        };
        ends(step(Phase::Open, &signalled)).message(Verb::Restart, "web")
    };
    let open = "interrupted: the app is healthy and the gates are open";
    assert_eq!(left(&[(Main, "UP", 0), (Twin, "UP", 0)]), open);
    assert_eq!(
        left(&[(Main, "DOWN", 0), (Twin, "UP", 0)]),
        format!(
            "{open}, but HAProxy does not show this host UP yet (lb srvs/Main is DOWN): `agent \
             status --watch` shows when it does"
        )
    );
    let healthy = Phase::Healthy { streak: 0 };
    let closed = Limits {
        stays_closed: true,
        ..limits()
    };
    for (phase, limits, says) in [
        (
            &healthy,
            limits(),
            "the app was restarted: the agent waits until it is healthy (60s",
        ),
        (&healthy, limits(), "and then opens the gates"),
        (&healthy, closed, "leaves the gates closed"),
        (&Phase::Open, limits(), "the rules are not set yet"),
    ] {
        let text = put_off(phase, &limits);
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_signal_puts_back_what_was_changed_and_finishes_what_was_begun() {
    let signalled = |observation: Observation| Observation {
        interrupted: Some(15),
        ..observation
    };
    for phase in [Phase::Close, Phase::Shed, Phase::Drain { zeros: 1 }] {
        let next = step(
            phase,
            &signalled(observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)])),
        );
        assert_eq!(goes(next), Phase::PutBack(Why::Interrupted(15)));
    }
    let well = Observation {
        health: Some(Ok(())),
        ..signalled(observation(&[]))
    };
    assert_eq!(
        goes(step(Phase::Restart, &well)),
        Phase::Healthy { streak: 0 }
    );
    assert_eq!(goes(step(Phase::Healthy { streak: 0 }, &well)), Phase::Open);
    assert_eq!(
        ends(step(
            Phase::Open,
            &signalled(observation(&[(Main, "DOWN", 0)]))
        ))
        .exit_code(),
        143
    );
    let why = Phase::PutBack(Why::Interrupted(15));
    assert_eq!(
        ends(step(why, &signalled(observation(&[(Main, "DOWN", 0)])))).exit_code(),
        143
    );
}

#[test]
fn put_back_waits_for_up_and_keeps_its_reason() {
    let why = Phase::PutBack(Why::DrainRanOut(vec![]));
    assert_eq!(
        waits(step(why.clone(), &observation(&[(Main, "DOWN", 1)]))).len(),
        1
    );
    assert_eq!(
        ends(step(why.clone(), &observation(&[(Main, "UP", 1)]))).exit_code(),
        14
    );
    assert_eq!(
        ends(step(why.clone(), &late(observation(&[(Main, "DOWN", 1)])))).exit_code(),
        14
    );
    let closed = Limits {
        all_found_open: false,
        ..limits()
    };
    let step = decide(
        Verb::Restart,
        &why,
        &observation(&[(Main, "DOWN", 1)]),
        &closed,
    );
    assert_eq!(ends(step).exit_code(), 14);
}

#[test]
fn close_ends_drained_and_open_does_not_touch_a_sick_apps_gate() {
    let quiet = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    assert_eq!(
        ends(decide(
            Verb::Close,
            &Phase::Drain { zeros: 1 },
            &quiet,
            &limits()
        ))
        .exit_code(),
        0
    );
    let sick = late(Observation {
        health: Some(Err("503".into())),
        ..observation(&[])
    });
    assert_eq!(
        ends(decide(
            Verb::Open,
            &Phase::Healthy { streak: 0 },
            &sick,
            &limits()
        ))
        .exit_code(),
        15
    );
}
