//! The refusals before anything is touched.

use super::*;
use crate::haproxy::BackendCapacity;
use Role::{Main, Twin};

fn facts() -> Facts {
    let lines = vec![(line(Main, "UP", 0), false), (line(Twin, "UP", 0), true)];
    let backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable: 1,
        claimed: vec![],
        claimed_after_us: Vec::new(),
        unproven: vec![],
    }];
    Facts {
        gates: vec![],
        main_closed: false,
        restart: Ok(()),
        health: Ok(()),
        balancers: vec![("lb".into(), Ok(BalancerFacts { lines, backends }))],
    }
}

fn change(change: impl Fn(&mut BalancerFacts)) -> Facts {
    let mut facts = facts();
    change(facts.balancers[0].1.as_mut().unwrap());
    facts
}

#[test]
fn the_preflight_refuses_an_operation_that_can_not_work() {
    assert_eq!(preflight(Verb::Restart, &facts(), 1), Ok(vec![]));
    let refused = [
        Facts {
            gates: vec!["a foreign rule".into()],
            ..facts()
        },
        Facts {
            restart: Err("web.service is masked".into()),
            ..facts()
        },
        Facts {
            balancers: vec![("lb".into(), Err(Reason::Lasting("no server line".into())))],
            ..facts()
        },
        change(|lb| lb.lines[0].1 = true),
        change(|lb| lb.lines[1].1 = false),
        change(|lb| lb.lines[0].0.status = Status::NoCheck),
        Facts {
            main_closed: true,
            ..facts()
        },
    ];
    for facts in refused {
        let refusal = preflight(Verb::Restart, &facts, 1).unwrap_err();
        assert_eq!(Outcome::Refused(refusal).exit_code(), 11, "{facts:?}");
    }
}

#[test]
fn the_floor_holds_unless_the_backend_loses_nothing() {
    let few = change(|lb| lb.backends[0].usable = 0);
    let refusal = preflight(Verb::Restart, &few, 1).unwrap_err();
    assert_eq!(Outcome::Refused(refusal).exit_code(), 12);
    assert!(preflight(Verb::Restart, &few, 0).is_ok());
    assert!(preflight(Verb::Open, &few, 1).is_ok());
    let alone = |status: &'static str| {
        change(move |lb| {
            lb.backends[0].usable = 0;
            lb.lines = vec![
                (line(Main, status, 0), false),
                (line(Twin, "DOWN", 0), true),
            ];
        })
    };
    assert!(preflight(Verb::Restart, &alone("DOWN"), 1).is_ok());
    let rising = preflight(Verb::Restart, &alone("DOWN 1/2"), 1).unwrap_err();
    assert_eq!(Outcome::Refused(rising).exit_code(), 12, "UP in a moment");
}

#[test]
fn a_sick_app_a_down_line_and_an_operators_hold_are_notices_not_refusals() {
    let mut facts = change(|lb| {
        lb.lines[0].0 = line(Main, "DOWN", 0);
        lb.lines[1].0 = line(Twin, "MAINT", 0);
    });
    facts.health = Err("connection refused".into());
    assert_eq!(preflight(Verb::Restart, &facts, 1).unwrap().len(), 3);
}

#[test]
fn opening_needs_one_balancer_that_knows_us() {
    let mut facts = facts();
    facts
        .balancers
        .push(("lb2".into(), Err(Reason::Passing("can't connect".into()))));
    assert_eq!(
        preflight(Verb::Open, &facts, 1).unwrap(),
        ["lb2: can't connect"]
    );
    assert!(preflight(Verb::Close, &facts, 1).is_err());
    facts.balancers = facts.balancers.split_off(1);
    assert!(preflight(Verb::Open, &facts, 1).is_err());
}

#[test]
fn only_an_effect_of_a_reload_gets_a_second_look() {
    let refusal = |facts: &Facts| preflight(Verb::Restart, facts, 1).unwrap_err();
    let away = |reason| Facts {
        balancers: vec![("lb".into(), Err(reason))],
        ..facts()
    };
    // With `fall 1` a reload shows a closed line fully UP.
    let closed = Facts {
        main_closed: true,
        ..facts()
    };
    let unproven = change(|lb| {
        lb.backends[0].usable = 0;
        lb.backends[0].unproven = vec!["web2".into()];
    });
    let passing = away(Reason::Passing("connection refused".into()));
    for passing in [&passing, &closed, &unproven] {
        assert!(refusal(passing).may_pass(), "{passing:?}");
    }
    let lasting = [
        away(Reason::Lasting("no server line".into())),
        Facts {
            gates: vec!["a foreign rule".into()],
            ..passing.clone()
        },
        Facts {
            restart: Err("web.service is masked".into()),
            ..closed.clone()
        },
        change(|lb| lb.lines[0].1 = true),
        change(|lb| lb.backends[0].usable = 0),
    ];
    for lasting in lasting {
        assert!(!refusal(&lasting).may_pass(), "{lasting:?}");
    }
}
