//! The way out of rotation.

use super::*;
use Role::{ClassicTwin, Main, Twin};

#[test]
fn close_waits_for_down_on_every_balancer() {
    assert_eq!(
        waits(step(Phase::Close, &observation(&[(Main, "UP 1/3", 0)]))),
        ["lb srvs/Main is UP 1/3"]
    );
    assert_eq!(
        goes(step(
            Phase::Close,
            &observation(&[(Main, "DOWN", 3), (Twin, "UP", 0)])
        )),
        Phase::Shed
    );
    let mut two = observation(&[(Main, "DOWN", 0)]);
    two.balancers.extend(blind().balancers);
    assert_eq!(waits(step(Phase::Close, &two)).len(), 1);
    assert_eq!(
        goes(step(Phase::Close, &observation(&[(Main, "MAINT", 0)]))),
        Phase::Shed
    );
    assert_eq!(
        waits(step(Phase::Close, &observation(&[(Main, "DRAIN", 0)]))).len(),
        1
    );
}

#[test]
fn not_out_in_time_puts_the_gates_back_and_so_does_a_gate_that_sticks() {
    let back = goes(step(Phase::Close, &late(observation(&[(Main, "UP", 0)]))));
    assert!(matches!(back, Phase::PutBack(Why::NotOut(_))));
    let stuck = Observation {
        action_result: ActionResult::Failed("exit 4".into()),
        ..observation(&[(Main, "DOWN", 0)])
    };
    assert!(matches!(
        step(Phase::Close, &stuck),
        Step::Stay { again: true, .. }
    ));
    assert!(matches!(
        goes(step(Phase::Close, &late(stuck))),
        Phase::PutBack(Why::GateFailed(_))
    ));
}

#[test]
fn sticky_users_are_kept_until_quiet_or_the_time_is_up() {
    let limits = Limits {
        sticky: Duration::from_secs(60),
        ..limits()
    };
    let decide = |phase: &Phase, observation: &Observation| {
        super::decide(Verb::Restart, phase, observation, &limits)
    };
    let mut look = observation(&[(Main, "DOWN", 0), (Twin, "UP", 0)]);
    let begin = Phase::Sticky {
        sessions: 7,
        busy_at: Duration::ZERO,
    };
    assert_eq!(goes(decide(&Phase::Close, &look)), begin);
    look.in_phase = Duration::from_secs(9);
    assert_eq!(waits(decide(&begin, &look)).len(), 1);
    let mut tcp = look.clone();
    for line in &mut answer(&mut tcp).lines {
        line.mode = Mode::Tcp;
    }
    let wanted = ["sticky users on the twin: 0 connections open, 7 sessions so far"];
    assert_eq!(waits(decide(&begin, &tcp)), wanted);
    look.in_phase = Duration::from_secs(10);
    assert_eq!(goes(decide(&begin, &look)), Phase::Shed);
    let busy = Phase::Sticky {
        sessions: 6,
        busy_at: Duration::ZERO,
    };
    assert_eq!(waits(decide(&busy, &look)).len(), 1);
    assert_eq!(goes(decide(&busy, &late(look))), Phase::Shed);
}

#[test]
fn without_a_twin_there_is_no_sticky_time() {
    let limits = Limits {
        sticky: Duration::from_secs(60),
        two_stage: false,
        ..limits()
    };
    let next = decide(
        Verb::Restart,
        &Phase::Close,
        &observation(&[(Main, "DOWN", 0)]),
        &limits,
    );
    assert_eq!(goes(next), Phase::Drain { zeros: 0 });
}

#[test]
fn a_drain_is_two_zeros_in_a_row_with_all_lines_out() {
    let quiet = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let once = Phase::Drain { zeros: 1 };
    assert!(
        matches!(step(Phase::Drain { zeros: 0 }, &quiet), Step::Stay { phase, .. } if phase == once)
    );
    assert_eq!(goes(step(once.clone(), &quiet)), Phase::Restart);
    for busy in [
        observation(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]),
        observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 1)]),
        observation(&[(Main, "UP", 0), (Twin, "DOWN", 0)]),
        observation(&[(Main, "DOWN", 0), (Twin, "UP 1/3", 0)]),
        blind(),
    ] {
        let next = step(once.clone(), &busy);
        assert!(
            matches!(
                next,
                Step::Stay {
                    phase: Phase::Drain { zeros: 0 },
                    ..
                }
            ),
            "{busy:?} {next:?}"
        );
    }
}

#[test]
fn a_classic_twin_is_reported_and_not_waited_for() {
    let look = observation(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 2)]);
    match step(Phase::Drain { zeros: 1 }, &look) {
        Step::Go {
            to: Phase::Restart,
            note: Some(note),
        } => assert!(note.contains("2 requests"), "{note}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drain_that_runs_out_follows_its_policy() {
    let busy = late(observation(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]));
    let back = goes(step(Phase::Drain { zeros: 0 }, &busy));
    assert!(matches!(back, Phase::PutBack(Why::DrainRanOut(_))));
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let next = decide(Verb::Restart, &Phase::Drain { zeros: 0 }, &busy, &proceed);
    assert_eq!(goes(next), Phase::Restart);
}

#[test]
fn a_drain_that_is_quiet_when_its_time_is_up_gets_its_second_look() {
    let quiet = late(observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]));
    let first = step(Phase::Drain { zeros: 0 }, &quiet);
    assert!(
        matches!(
            first,
            Step::Stay {
                phase: Phase::Drain { zeros: 1 },
                ..
            }
        ),
        "{first:?}"
    );
    assert_eq!(
        goes(step(Phase::Drain { zeros: 1 }, &quiet)),
        Phase::Restart
    );
}

#[test]
fn a_close_reports_that_the_classic_twin_goes_on() {
    let idle = observation(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 0)]);
    match decide(Verb::Close, &Phase::Drain { zeros: 1 }, &idle, &limits()) {
        Step::End(Outcome::Done { note: Some(note) }) => {
            assert!(note.contains("ClassicTwin is UP"), "{note}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_policy_goes_on_over_a_line_that_is_up_or_unseen_or_a_gate_that_sticks() {
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let drain = |observation: Observation| {
        goes(decide(
            Verb::Restart,
            &Phase::Drain { zeros: 0 },
            &late(observation),
            &proceed,
        ))
    };
    let up = observation(&[(Main, "UP", 1), (Twin, "DOWN", 0)]);
    assert!(matches!(drain(up), Phase::PutBack(Why::NotOut(_))));
    assert!(matches!(drain(blind()), Phase::PutBack(Why::NotOut(_))));
    let stuck = Observation {
        action_result: ActionResult::Failed("exit 4".into()),
        ..observation(&[(Main, "DOWN", 0)])
    };
    assert!(matches!(drain(stuck), Phase::PutBack(Why::GateFailed(_))));
}

#[test]
fn after_a_reload_the_drain_looks_again() {
    let mut look = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    look.balancers[0].reloaded = true;
    let next = step(Phase::Drain { zeros: 1 }, &look);
    assert_eq!(waits(next.clone()), ["lb was reloaded: looking again"]);
    let anew = Phase::Drain { zeros: 0 };
    assert!(matches!(next, Step::Stay { phase, .. } if phase == anew));
    // Its lines begin as UP, until the first check.
    let fresh = observation(&[(Main, "UP", 0), (Twin, "UP", 0)]);
    assert_eq!(waits(step(Phase::Drain { zeros: 1 }, &fresh)).len(), 2);
    answer(&mut look).lines = vec![line(Main, "UP", 0)];
    assert_eq!(ends(step(Phase::Open, &look)).exit_code(), 0);
}
