//! The refusals before anything is touched.

use super::*;
use crate::haproxy::{BackendCapacity, Floor, NoAnswer};
use Role::{Main, Twin};

fn facts() -> Facts {
    let lines = vec![line(Main, "UP", 0), line(Twin, "UP", 0)];
    let mut balancer = BalancerObservation::of_lines(lines);
    balancer.answer_mut().backends.push(BackendCapacity {
        backend: "srvs".into(),
        usable: 1,
        claimed: vec![],
        ..BackendCapacity::default()
    });
    Facts {
        is_page: false,
        app: "web".into(),
        trouble: vec![],
        main_closed: false,
        restart: Ok(()),
        health: Ok(()),
        balancers: vec![balancer],
    }
}

/// A balancer that shows no line of ours until its configuration changes.
fn without_lines() -> BalancerObservation {
    BalancerObservation {
        answer: Err(NoAnswer::missing("no server line".into(), None)),
        ..BalancerObservation::of_lines(vec![])
    }
}

/// A balancer that can't be reached may be gone: the advice does without it, unless no other balancer
/// is seen.
#[test]
fn a_balancer_that_is_gone_can_be_left_out() {
    let named = |name: &str, balancer: BalancerObservation| BalancerObservation {
        name: name.into(),
        ..balancer
    };
    let gone = |name| named(name, BalancerObservation::silent("connection refused"));
    let seen = || facts().balancers.remove(0);
    let one = &["tcp://a"][..];
    for (verb, balancers, expected) in [
        (Verb::Restart, vec![seen(), gone("tcp://a")], one),
        (Verb::Close, vec![gone("tcp://a"), seen()], one),
        (
            Verb::Restart,
            vec![seen(), gone("tcp://a"), gone("tcp://b")],
            &["tcp://a", "tcp://b"],
        ),
        (Verb::Restart, vec![gone("tcp://a"), gone("tcp://b")], &[]),
        // It goes on, and waits for the lines there.
        (Verb::Open, vec![seen(), gone("tcp://a")], one),
        // It goes on without it.
        (Verb::Recover, vec![seen(), gone("tcp://a")], &[]),
        // It answers, and our lines are missing there.
        (
            Verb::Restart,
            vec![seen(), named("tcp://a", without_lines())],
            &[],
        ),
    ] {
        let left_out = without_gone(verb, &balancers);
        assert_eq!(left_out, expected, "{balancers:?}");
        let facts = Facts {
            balancers,
            ..facts()
        };
        let refusal = preflight(verb, &facts, Floor::Servers(1)).map(drop);
        assert!(
            matches!(verb, Verb::Open | Verb::Recover) || refusal.is_err(),
            "{refusal:?}"
        );
    }
}

fn change(change: impl Fn(&mut Answer)) -> Facts {
    let mut facts = facts();
    change(facts.balancers[0].answer_mut());
    facts
}

#[test]
fn the_preflight_refuses_an_operation_that_can_not_work() {
    assert_eq!(
        preflight(Verb::Restart, &facts(), Floor::Servers(1)),
        Ok(vec![])
    );
    let refused = [
        Facts {
            trouble: vec!["a foreign rule".into()],
            ..facts()
        },
        Facts {
            restart: Err("web.service is masked".into()),
            ..facts()
        },
        Facts {
            balancers: vec![without_lines()],
            ..facts()
        },
        change(|lb| lb.lines[0].backup = true),
        change(|lb| lb.lines[1].backup = false),
        change(|lb| lb.lines[0].status = Status::NoCheck),
        Facts {
            main_closed: true,
            ..facts()
        },
    ];
    for facts in refused {
        let refusal = preflight(Verb::Restart, &facts, Floor::Servers(1)).unwrap_err();
        assert_eq!(Outcome::Refused(refusal).exit_code(), 11, "{facts:?}");
    }
}

#[test]
fn a_share_that_leaves_no_host_is_no_reason_to_wait() {
    for (servers, floor, comes) in [
        (1, Floor::Percent(50), false),
        (3, Floor::Percent(67), false),
        (3, Floor::Percent(66), true),
        (1, Floor::Servers(1), true),
    ] {
        let mut facts = change(|lb| lb.backends[0].servers = servers);
        assert_eq!(!no_turn_comes(&facts, floor), comes, "{servers} {floor}");
        let lines = &mut facts.balancers[0].answer_mut().lines;
        lines
            .iter_mut()
            .for_each(|one| *one = line(one.role, "DOWN", 0));
        assert!(!no_turn_comes(&facts, floor), "the backend loses nothing");
    }
}

/// HAProxy sends a line of weight 0 its users by cookie.
#[test]
fn a_main_line_that_is_up_behind_its_closed_gate_is_refused_whatever_its_weight() {
    for (status, refused) in [
        ("UP", true),
        ("UP (weight 0)", true),
        ("UP 1/2", false),
        ("UP 1/2 (weight 0)", false),
        ("DOWN", false),
    ] {
        let facts = Facts {
            main_closed: true,
            ..change(|lb| lb.lines[0] = line(Main, status, 0))
        };
        let refusal = preflight(Verb::Restart, &facts, Floor::Servers(1));
        assert_eq!(refusal.is_err(), refused, "{status}");
    }
}

#[test]
fn the_floor_holds_unless_the_backend_loses_nothing() {
    let few = change(|lb| lb.backends[0].usable = 0);
    let refusal = preflight(Verb::Restart, &few, Floor::Servers(1)).unwrap_err();
    assert_eq!(Outcome::Refused(refusal).exit_code(), 12);
    assert!(preflight(Verb::Restart, &few, Floor::Servers(0)).is_ok());
    assert!(preflight(Verb::Open, &few, Floor::Servers(1)).is_ok());
    let alone = |status: &'static str| {
        change(move |lb| {
            lb.backends[0].usable = 0;
            lb.lines = vec![line(Main, status, 0), line(Twin, "DOWN", 0)];
        })
    };
    assert!(preflight(Verb::Restart, &alone("DOWN"), Floor::Servers(1)).is_ok());
    let rising = preflight(Verb::Restart, &alone("DOWN 1/2"), Floor::Servers(1)).unwrap_err();
    assert_eq!(Outcome::Refused(rising).exit_code(), 12, "UP in a moment");
}

#[test]
fn a_sick_app_a_down_line_and_an_operators_hold_are_notices_not_refusals() {
    let mut facts = change(|lb| {
        lb.lines[0] = line(Main, "DOWN", 0);
        lb.lines[1] = line(Twin, "MAINT", 0);
    });
    facts.health = Err("connection refused".into());
    assert_eq!(
        preflight(Verb::Restart, &facts, Floor::Servers(1))
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn opening_needs_one_balancer_that_knows_us() {
    let mut facts = facts();
    facts.balancers.push(BalancerObservation {
        name: "lb2".into(),
        ..BalancerObservation::silent("can't connect")
    });
    assert_eq!(
        preflight(Verb::Open, &facts, Floor::Servers(1)).unwrap(),
        ["lb2: can't connect"]
    );
    assert!(preflight(Verb::Close, &facts, Floor::Servers(1)).is_err());
    facts.balancers = facts.balancers.split_off(1);
    assert!(preflight(Verb::Open, &facts, Floor::Servers(1)).is_err());
}

#[test]
fn only_an_effect_of_a_reload_gets_a_second_look() {
    let refusal = |facts: &Facts| preflight(Verb::Restart, facts, Floor::Servers(1)).unwrap_err();
    let with = |balancer| Facts {
        balancers: vec![balancer],
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
    let passing = with(BalancerObservation::silent("connection refused"));
    for passing in [&passing, &closed, &unproven] {
        assert!(refusal(passing).may_pass(), "{passing:?}");
    }
    let lasting = [
        with(without_lines()),
        Facts {
            trouble: vec!["a foreign rule".into()],
            ..passing.clone()
        },
        Facts {
            restart: Err("web.service is masked".into()),
            ..closed.clone()
        },
        change(|lb| lb.lines[0].backup = true),
        change(|lb| lb.backends[0].usable = 0),
    ];
    for lasting in lasting {
        assert!(!refusal(&lasting).may_pass(), "{lasting:?}");
    }
}
