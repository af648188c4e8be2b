//! What one host knows of the room in its backends.

use super::*;
use crate::haproxy::BackendCapacity;
use Role::{Main, Twin};

fn facts(main: &str, usable: &[(usize, usize)]) -> Facts {
    let of_backend = |(number, (usable, claimed)): (usize, &(usize, usize))| BackendCapacity {
        backend: format!("b{number}"),
        usable: *usable,
        claimed: vec!["web2".into(); *claimed],
        claimed_after_us: Vec::new(),
        unproven: vec![],
    };
    let line = |number: usize, role| LineSeen {
        name: format!("b{number}/web1"),
        ..line(role, main, 0)
    };
    let lines = (0..usable.len()).flat_map(|n| [(line(n, Main), false), (line(n, Twin), true)]);
    let balancer = BalancerFacts {
        lines: lines.collect(),
        backends: usable.iter().enumerate().map(of_backend).collect(),
    };
    Facts {
        gates: vec![],
        main_closed: false,
        restart: Ok(()),
        health: Ok(()),
        balancers: vec![("lb".into(), Ok(balancer))],
    }
}

#[test]
fn the_tightest_backend_limits_how_many_can_go() {
    assert_eq!(facts("UP", &[(3, 0)]).spare(1), Some(3));
    assert_eq!(facts("UP", &[(3, 1)]).spare(1), Some(2), "one has claimed");
    assert_eq!(
        facts("DOWN", &[(3, 0)]).spare(1),
        Some(2),
        "this one is out"
    );
    assert_eq!(facts("UP", &[(3, 0), (1, 0)]).spare(1), Some(1));
    assert_eq!(facts("DOWN", &[(0, 0)]).spare(2), Some(-2));
    let mut unseen = facts("UP", &[(3, 0)]);
    unseen
        .balancers
        .push(("other".into(), Err(Reason::Lasting("silent".into()))));
    assert_eq!(unseen.spare(1), None);
}

#[test]
fn in_rotation_is_what_every_balancer_shows_fully_up() {
    assert!(facts("UP", &[(1, 0)]).in_rotation() && facts("UP", &[(1, 0)]).serves());
    for status in ["DOWN", "UP 1/2", "MAINT"] {
        assert!(!facts(status, &[(1, 0)]).in_rotation(), "{status}");
    }
    assert!(!facts("DOWN", &[(1, 0)]).serves());
    let mut unseen = facts("UP", &[(1, 0)]);
    unseen
        .balancers
        .push(("other".into(), Err(Reason::Lasting("silent".into()))));
    assert!(!unseen.in_rotation());
}
