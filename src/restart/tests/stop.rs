//! The way out of a host that goes down: the gates stay closed, and nothing refuses it. With a
//! floor, the gates are put back as long as too few other servers are left.

use super::*;
use crate::haproxy::Role::{Main, Twin};
use crate::haproxy::{BackendCapacity, Floor};

fn step(phase: Phase, observation: &Observation) -> Step {
    decide(Verb::Stop, &phase, observation, &limits())
}

#[test]
fn goes_on_if_haproxy_does_not_show_it_out() {
    for (phase, next) in [
        (Phase::Close, Phase::Shed),
        (Phase::Shed, Phase::Drain { zeros: 0 }),
    ] {
        for look in [observation(&[(Main, "UP", 1), (Twin, "UP", 0)]), blind()] {
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
    let busy = observation(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]);
    assert_eq!(waits(step(drain.clone(), &busy)).len(), 1);
    // The value of `on_drain_timeout` does not matter.
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
    let idle = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let end = ends(step(Phase::Drain { zeros: 1 }, &idle));
    assert_eq!((end.exit_code(), end.word(Verb::Stop)), (0, "stopped"));
}

#[test]
fn neither_a_signal_nor_a_gate_that_sticks_puts_anything_back() {
    for phase in [Phase::Close, Phase::Shed, Phase::Drain { zeros: 0 }] {
        let asked = Observation {
            interrupted: Some(15),
            ..observation(&[(Main, "UP", 1), (Twin, "UP", 0)])
        };
        let end = ends(step(phase.clone(), &asked));
        assert_eq!(end.exit_code(), 143, "{phase:?}");
        let stuck = late(Observation {
            action_result: ActionResult::Failed("exit 4".into()),
            ..observation(&[(Main, "UP", 0), (Twin, "UP", 0)])
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
        is_page: false,
        app: "web".into(),
        trouble: vec!["a foreign rule".to_owned()],
        main_closed: true,
        restart: Err("no unit".to_owned()),
        health: Err("connection refused".to_owned()),
        balancers: vec![BalancerObservation::silent("can't connect")],
    };
    let notices = preflight(Verb::Stop, &nothing_right, Floor::Servers(3)).unwrap();
    assert_eq!(notices, ["lb: can't connect"]);
}

/// Without a wait for UP, open is done when the gates are open.
#[test]
fn the_sidecar_opens_and_does_not_wait() {
    let non_blocking = Limits {
        in_rotation: Duration::ZERO,
        ..limits()
    };
    let end = ends(decide(Verb::Open, &Phase::Open, &blind(), &non_blocking));
    assert_eq!(end, Outcome::Done { note: None });
    let failed = Observation {
        action_result: ActionResult::Failed("exit 4".into()),
        ..blind()
    };
    let end = ends(decide(Verb::Open, &Phase::Open, &failed, &non_blocking));
    assert!(matches!(
        end,
        Outcome::GateFailed {
            put_back: false,
            ..
        }
    ));
}

/// The limits of a sidecar that stops in its turn.
fn in_turn() -> Limits {
    Limits {
        min_available: Floor::Servers(1),
        serving: vec!["lb backend srvs".into()],
        ..limits()
    }
}

fn beside(usable: usize, look: Observation) -> Observation {
    let mut look = look;
    answer(&mut look).backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable,
        claimed: Vec::new(),
        ..BackendCapacity::default()
    }];
    look.serving = vec!["lb backend srvs".into()];
    look
}

#[test]
fn in_turn_it_gives_way_while_too_few_servers_are_left() {
    let limits = in_turn();
    assert_eq!(limits.first(), Phase::Claim);
    let claimed = observation(&[(Main, "UP", 1), (Twin, "DOWN", 0)]);
    let out = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    for (phase, look, next) in [
        (Phase::Claim, claimed, Phase::Close),
        (Phase::Floor, out, Phase::Drain { zeros: 0 }),
    ] {
        let step = |usable| decide(Verb::Stop, &phase, &beside(usable, look.clone()), &limits);
        assert_eq!(goes(step(1)), next);
        assert!(matches!(
            goes(step(0)),
            Phase::PutBack(Why::TooFewServers(_))
        ));
    }
    // Its turn is over. The gates are as found, and the message names the longer limit.
    let up = observation(&[(Main, "UP", 0), (Twin, "UP", 0)]);
    let long = Observation {
        elapsed: Duration::from_secs(61),
        ..beside(0, up)
    };
    let back_off = Phase::BackOff {
        until: Duration::from_secs(60),
    };
    let end = ends(decide(Verb::Stop, &back_off, &long, &limits));
    assert_eq!(
        (end.exit_code(), end.word(Verb::Stop)),
        (12, "too_few_servers")
    );
    let message = end.message(Verb::Stop, "web");
    assert!(message.contains("the gates were put back"), "{message}");
    assert!(message.ends_with("timeouts.turn"), "{message}");
}

/// Until enough other servers are known to be left, a signal puts back. After that the host is out.
#[test]
fn in_turn_a_signal_ends_the_waiting() {
    for (phase, goes_back) in [
        (Phase::Claim, true),
        (Phase::Close, true),
        (Phase::Floor, true),
        (Phase::Drain { zeros: 0 }, false),
    ] {
        let asked = Observation {
            interrupted: Some(15),
            ..beside(1, observation(&[(Main, "UP", 1), (Twin, "UP", 0)]))
        };
        match decide(Verb::Stop, &phase, &asked, &in_turn()) {
            Step::Go { to, .. } if goes_back => {
                assert_eq!(to, Phase::PutBack(Why::Interrupted(15)));
            }
            Step::End(end) if !goes_back => assert_eq!(end.exit_code(), 143),
            other => panic!("{phase:?}: {other:?}"),
        }
    }
}

#[test]
fn in_turn_it_is_refused_without_a_balancer_that_shows_the_capacity() {
    let unseen = || BalancerObservation::silent("can't connect");
    let shown = || BalancerObservation::of_lines(Vec::new());
    let facts = |balancers| Facts {
        is_page: false,
        app: "web".into(),
        trouble: Vec::new(),
        main_closed: false,
        restart: Ok(()),
        health: Ok(()),
        balancers,
    };
    let refusal = floor_unseen(&facts(vec![unseen()])).expect("a refusal");
    assert!(
        refusal.to_string().ends_with(": lb: can't connect"),
        "{refusal}"
    );
    assert_eq!(floor_unseen(&facts(vec![unseen(), shown()])), None);
}
