//! The order of hosts: a host announces by its twin that it is about to go.

use super::*;
use crate::haproxy::{BackendCapacity, Floor};
use Role::{Main, Twin};

fn claiming() -> Limits {
    Limits {
        min_available: Floor::Servers(1),
        ..limits()
    }
}

fn look(main: &str, twin: &str, (usable, claimed): (usize, usize)) -> Observation {
    let claimed = (0..claimed)
        .map(|number| format!("web{}", number + 2))
        .collect();
    let mut look = observation(&[(Main, main, 0), (Twin, twin, 0)]);
    answer(&mut look).backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable,
        claimed,
        ..BackendCapacity::default()
    }];
    look.serving = vec!["lb backend srvs".into()];
    look
}

fn step(phase: Phase, observation: &Observation) -> Step {
    decide(Verb::Restart, &phase, observation, &claiming())
}

#[test]
fn claims_if_no_user_needs_the_twin_and_the_capacity_is_checked() {
    assert_eq!(claiming().first(), Phase::Claim);
    assert_eq!(limits().first(), Phase::Close, "no capacity check");
    let classic = Limits {
        two_stage: false,
        ..claiming()
    };
    let sticky = Limits {
        sticky: Duration::from_secs(20),
        ..claiming()
    };
    assert_eq!(
        [classic.first(), sticky.first()],
        [Phase::Close, Phase::Close]
    );
}

#[test]
fn the_main_gate_is_closed_once_the_claim_is_seen_and_enough_others_stay() {
    let claim = |observation: &Observation| step(Phase::Claim, observation);
    assert_eq!(waits(claim(&look("UP", "UP", (2, 0)))).len(), 1);
    assert_eq!(goes(claim(&look("UP", "DOWN", (2, 1)))), Phase::Close);
    let few = goes(claim(&look("UP", "DOWN", (2, 2))));
    assert!(
        matches!(&few, Phase::PutBack(Why::TooFewServers(few))
        if few[0] == "lb backend srvs has 2 other usable servers (goes next, as its twin is DOWN: \
            web2, web3), min_available is 1"),
        "{few:?}"
    );
    assert_eq!(waits(claim(&blind())).len(), 1);
}

#[test]
fn of_hosts_that_claim_together_the_lowest_address_keeps_its_claim() {
    let claim = |after_us: &[&str]| {
        let mut look = look("UP", "DOWN", (2, 2));
        let names = after_us.iter().map(|name| (*name).to_owned());
        answer(&mut look).backends[0].claimed_after_us = names.collect();
        look
    };
    let gives_way = |step: Step| matches!(goes(step), Phase::PutBack(Why::TooFewServers(_)));
    let few = waits(step(Phase::Claim, &claim(&["web3"])));
    assert!(few[0].contains("web2, web3"), "{few:?}");
    assert!(gives_way(step(Phase::Claim, &claim(&[]))));
    // A server that had claimed before goes, or its twin stays DOWN: it never gives way.
    let limits = Limits {
        claimed_before: vec!["web3".into()],
        ..claiming()
    };
    let late = decide(Verb::Restart, &Phase::Claim, &claim(&["web3"]), &limits);
    assert!(gives_way(late));
    // A claim ends when the line had its time to go DOWN, and with the turn.
    let (in_phase, elapsed) = (claiming().out_of_rotation, claiming().turn);
    let look = || claim(&["web2", "web3"]);
    assert!(gives_way(step(
        Phase::Claim,
        &Observation { in_phase, ..look() }
    )));
    assert!(gives_way(step(
        Phase::Claim,
        &Observation { elapsed, ..look() }
    )));
}

#[test]
fn the_twin_is_kept_closed_and_needs_no_phase_of_its_own_later() {
    let limits = claiming();
    let action = |phase: Phase| phase.action(Verb::Restart, &limits);
    assert_eq!(action(Phase::Claim), Some(Action::CloseTwin));
    assert_eq!(action(Phase::Close), Some(Action::CloseBoth));
    assert_eq!(action(Phase::Floor), Some(Action::CloseBoth));
    let out = look("DOWN", "DOWN", (1, 0));
    assert_eq!(goes(step(Phase::Close, &out)), Phase::Floor);
    assert_eq!(goes(step(Phase::Floor, &out)), Phase::Drain { zeros: 0 });
    // A host that claims after us gives way to us, and we do not give way to it.
    let later = look("DOWN", "DOWN", (1, 1));
    assert_eq!(goes(step(Phase::Floor, &later)), Phase::Drain { zeros: 0 });
}

#[test]
fn a_signal_takes_the_claim_back_and_a_turn_begins_with_one() {
    let interrupted = Observation {
        interrupted: Some(2),
        ..look("UP", "DOWN", (2, 0))
    };
    let back = Phase::PutBack(Why::Interrupted(2));
    assert_eq!(goes(step(Phase::Claim, &interrupted)), back);
    let turn = |others| {
        let until = Duration::ZERO;
        step(Phase::BackOff { until }, &look("UP", "UP", others))
    };
    assert_eq!(goes(turn((2, 1))), Phase::Claim);
    assert!(
        matches!(turn((2, 2)), Step::Stay { .. }),
        "others have claimed"
    );
}

#[test]
fn an_invisible_claim_is_reported_and_the_floor_counts() {
    let message = |twin: &str| match step(Phase::Claim, &look("UP", twin, (2, 0))) {
        Step::Go { to, note } => (to, note.is_some()),
        other => panic!("{other:?}"),
    };
    assert_eq!(message("DOWN"), (Phase::Close, false));
    assert_eq!(message("MAINT"), (Phase::Close, true));
    let mut classic = look("UP", "DOWN", (2, 0));
    answer(&mut classic).lines = vec![line(Main, "UP", 0), line(Role::ClassicTwin, "UP", 0)];
    assert_eq!(classic.without_claims(), ["lb backend srvs"]);
    // A backend without users on this host is not asked.
    classic.serving = Vec::new();
    assert!(classic.without_claims().is_empty());
}

/// No other host has seen a claim when the main gate closed, so this host gives way in time, as without a
/// twin. A twin that an operator gives free meanwhile goes DOWN behind its closed gate, which is no claim any
/// more.
#[test]
fn a_claim_that_no_other_host_has_seen_stays_none() {
    let close = Phase::Close;
    for (twin, unclaimed) in [("DOWN", &[][..]), ("MAINT", &["lb backend srvs"])] {
        let left = look("UP", twin, (2, 0)).unclaimed_after(&Phase::Claim, &close);
        assert_eq!(left, unclaimed, "{twin}");
        let ask = Ask::CapacityIfDue(true).with(&left);
        assert_eq!(ask, Ask::CapacityIfDue(unclaimed.is_empty()));
        for given_free in ["UP 1/2", "DOWN"] {
            let few = Observation {
                unclaimed: left.clone(),
                ..look("UP 1/2", given_free, (0, 0))
            };
            let gives_way = matches!(
                step(close.clone(), &few),
                Step::Go {
                    to: Phase::PutBack(Why::TooFewServers(_)),
                    ..
                }
            );
            assert_eq!(gives_way, twin == "MAINT", "{twin}, then {given_free}");
        }
    }
    let held = look("UP", "MAINT", (2, 0));
    assert!(held.unclaimed_after(&close, &Phase::Floor).is_empty());
}

#[test]
fn a_backend_that_serves_since_the_preflight_counts() {
    let mut look = look("UP", "DOWN", (2, 0));
    answer(&mut look).backends.push(BackendCapacity {
        backend: "new".into(),
        usable: 0,
        claimed: vec![],
        ..BackendCapacity::default()
    });
    look.serving.push("lb backend new".into());
    assert!(matches!(
        goes(step(Phase::Claim, &look)),
        Phase::PutBack(Why::TooFewServers(_))
    ));
    assert!(look.too_few(&limits()).is_empty(), "no capacity check");
}
