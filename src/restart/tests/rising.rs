//! Each look shows again whether this host serves.

use super::*;
use crate::haproxy::{BackendCapacity, Floor};
use Role::{Main, Twin};

fn counting(two_stage: bool) -> Limits {
    Limits {
        two_stage,
        min_available: Floor::Servers(1),
        ..limits()
    }
}

/// A look with no other usable server.
fn alone(main: &str, twin: &str) -> Observation {
    let mut look = observation(&[(Main, main, 0), (Twin, twin, 0)]);
    answer(&mut look).backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable: 0,
        claimed: Vec::new(),
        ..BackendCapacity::default()
    }];
    look.serving = look.balancers[0].serving().collect();
    look
}

fn gives_way(phase: Phase, look: &Observation, two_stage: bool) -> bool {
    let step = decide(Verb::Restart, &phase, look, &counting(two_stage));
    matches!(
        step,
        Step::Go {
            to: Phase::PutBack(Why::TooFewServers(_)),
            ..
        }
    )
}

/// HAProxy sends it its users by cookie.
#[test]
fn a_backup_line_of_weight_0_serves_its_sticky_users() {
    for (role, status, serves) in [
        (Twin, "UP (weight 0)", true),
        (Role::ClassicTwin, "UP (weight 0)", true),
        (Role::ClassicTwin, "UP 2/4 (weight 0)", true),
        (Role::ClassicTwin, "DOWN", false),
        (Role::ClassicTwin, "MAINT", false),
        (Main, "UP (weight 0)", false),
    ] {
        assert_eq!(line(role, status, 0).serves(), serves, "{role:?} {status}");
    }
}

#[test]
fn a_host_without_users_claims_too() {
    assert_eq!(counting(true).first(), Phase::Claim);
    assert!(!counting(true).closes_both());
    assert!(limits().closes_both(), "no capacity check");
}

#[test]
fn a_line_that_is_up_or_rising_counts_and_one_that_is_down_does_not() {
    for main in ["UP", "UP 1/2", "DOWN 1/2"] {
        assert!(
            gives_way(Phase::Claim, &alone(main, "DOWN"), true),
            "{main}"
        );
        assert!(gives_way(Phase::Close, &alone(main, "UP"), false), "{main}");
    }
    for main in ["DOWN", "MAINT", "DRAIN"] {
        assert!(
            !gives_way(Phase::Claim, &alone(main, "DOWN"), true),
            "{main}"
        );
    }
    let out = alone("DOWN", "DOWN");
    let next = |phase| goes(decide(Verb::Restart, &phase, &out, &counting(true)));
    assert_eq!(next(Phase::Claim), Phase::Close);
    assert_eq!(next(Phase::Close), Phase::Drain { zeros: 0 });
}

#[test]
fn a_line_that_has_risen_while_the_gate_was_closed_counts_at_the_floor() {
    let mut look = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    look.serving = alone("UP", "UP").serving;
    let next = decide(Verb::Restart, &Phase::Close, &look, &counting(true));
    assert_eq!(goes(next), Phase::Floor);
    look.balancers = alone("DOWN", "DOWN").balancers;
    assert!(gives_way(Phase::Floor, &look, true));
}

#[test]
fn a_host_that_one_balancer_alone_shows_up_counts_there() {
    let mut look = alone("DOWN", "DOWN");
    let mut other = alone("UP", "DOWN").balancers.remove(0);
    other.name = "lb2".into();
    look.serving = other.serving().collect();
    look.balancers.push(other);
    assert_eq!(look.too_few(&counting(true)).len(), 1);
    assert!(look.too_few(&counting(true))[0].starts_with("lb2 backend srvs"));
}
