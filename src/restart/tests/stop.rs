//! The way out of a host that goes down: nothing is put back, and nobody can refuse.

use super::*;
use crate::haproxy::Role::{Main, Twin};

fn step(phase: Phase, seen: &Seen) -> Step {
    decide(Verb::Stop, &phase, seen, &limits())
}

#[test]
fn goes_on_where_haproxy_does_not_show_it_out() {
    for (phase, next) in [
        (Phase::Close, Phase::Shed),
        (Phase::Shed, Phase::Drain { zeros: 0 }),
    ] {
        for look in [seen(&[(Main, "UP", 1), (Twin, "UP", 0)]), blind()] {
            assert!(!waits(step(phase.clone(), &look)).is_empty());
            let Step::Go { to, note } = step(phase.clone(), &late(look)) else {
                panic!("{phase:?} does not go on");
            };
            assert_eq!(to, next);
            assert!(note.unwrap().starts_with("not out in time: lb "));
        }
    }
}

#[test]
fn ends_with_the_gates_closed_when_the_drain_runs_out() {
    let drain = Phase::Drain { zeros: 0 };
    let busy = seen(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]);
    assert_eq!(waits(step(drain.clone(), &busy)).len(), 1);
    // Whatever `on_drain_timeout` says.
    for policy in [OnDrainTimeout::Abort, OnDrainTimeout::Proceed] {
        let limits = Limits {
            on_drain_timeout: policy,
            ..limits()
        };
        let end = ends(decide(Verb::Stop, &drain, &late(busy.clone()), &limits));
        assert_eq!((end.exit_code(), end.word(Verb::Stop)), (14, "not_drained"));
        assert!(
            end.message(Verb::Stop, "web")
                .ends_with("; the gates stay closed")
        );
    }
    let idle = seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let end = ends(step(Phase::Drain { zeros: 1 }, &idle));
    assert_eq!((end.exit_code(), end.word(Verb::Stop)), (0, "stopped"));
}

#[test]
fn neither_a_signal_nor_a_gate_that_sticks_puts_anything_back() {
    for phase in [Phase::Close, Phase::Shed, Phase::Drain { zeros: 0 }] {
        let asked = Seen {
            interrupted: Some(15),
            ..seen(&[(Main, "UP", 1), (Twin, "UP", 0)])
        };
        let end = ends(step(phase.clone(), &asked));
        assert_eq!(end.exit_code(), 143, "{phase:?}");
        let stuck = late(Seen {
            acted: Acted::Failed("exit 4".into()),
            ..seen(&[(Main, "UP", 0), (Twin, "UP", 0)])
        });
        let end = ends(step(phase, &stuck));
        assert!(matches!(
            end,
            Outcome::GateFailed {
                put_back: false,
                ..
            }
        ));
    }
}

#[test]
fn is_never_refused() {
    let nothing_right = Facts {
        gates: vec!["a foreign rule".to_owned()],
        main_closed: true,
        restart: Err("no unit".to_owned()),
        health: Err("connection refused".to_owned()),
        balancers: vec![(
            "lb".to_owned(),
            Err(Reason::Passing("can't connect".to_owned())),
        )],
    };
    let notices = preflight(Verb::Stop, &nothing_right, 3).unwrap();
    assert_eq!(notices, ["lb: can't connect"]);
}

/// Where nobody waits for UP, open is done when the gates are open.
#[test]
fn the_sidecar_opens_and_does_not_wait() {
    let hasty = Limits {
        in_rotation: Duration::ZERO,
        ..limits()
    };
    let end = ends(decide(Verb::Open, &Phase::Open, &blind(), &hasty));
    assert_eq!(end, Outcome::Done { note: None });
    let failed = Seen {
        acted: Acted::Failed("exit 4".into()),
        ..blind()
    };
    let end = ends(decide(Verb::Open, &Phase::Open, &failed, &hasty));
    assert!(matches!(
        end,
        Outcome::GateFailed {
            put_back: false,
            ..
        }
    ));
}
