//! What one host knows of the room in its backends.

use super::*;
use crate::haproxy::{BackendCapacity, Floor};
use Role::{Main, Twin};

fn balancers(main: &str, usable: &[(usize, usize)]) -> Vec<BalancerObservation> {
    let of_backend = |(number, (usable, claimed)): (usize, &(usize, usize))| BackendCapacity {
        backend: format!("b{number}"),
        usable: *usable,
        claimed: vec!["web2".into(); *claimed],
        ..BackendCapacity::default()
    };
    let line = |number: usize, role| ServerLine {
        name: format!("b{number}/web1"),
        ..line(role, main, 0)
    };
    let lines = (0..usable.len()).flat_map(|n| [line(n, Main), line(n, Twin)]);
    let mut balancer = BalancerObservation::of_lines(lines.collect());
    balancer.answer_mut().backends = usable.iter().enumerate().map(of_backend).collect();
    vec![balancer]
}

fn failed() -> Result<(), String> {
    Err("connection refused".to_owned())
}

fn beside_silent(mut balancers: Vec<BalancerObservation>) -> Vec<BalancerObservation> {
    balancers.push(BalancerObservation::silent("no answer"));
    balancers
}

#[test]
fn the_tightest_backend_limits_how_many_can_go() {
    let spare = |main: &str, usable: &[(usize, usize)], min_available| {
        spare(&balancers(main, usable), Floor::Servers(min_available))
    };
    assert_eq!(spare("UP", &[(3, 0)], 1), Some(3));
    assert_eq!(spare("UP", &[(3, 1)], 1), Some(2), "one has claimed");
    assert_eq!(spare("DOWN", &[(3, 0)], 1), Some(2), "this one is out");
    assert_eq!(spare("UP", &[(3, 0), (1, 0)], 1), Some(1));
    assert_eq!(spare("DOWN", &[(0, 0)], 2), Some(-2));
    let mut of_four = balancers("UP", &[(3, 0)]);
    of_four[0].answer_mut().backends[0].servers = 4;
    assert_eq!(super::spare(&of_four, Floor::Percent(50)), Some(2));
    assert_eq!(super::spare(&of_four, Floor::Percent(51)), Some(1));
    let unseen = beside_silent(balancers("UP", &[(3, 0)]));
    assert_eq!(super::spare(&unseen, Floor::Servers(1)), None);
}

#[test]
fn in_rotation_is_what_every_balancer_shows_fully_up() {
    let one = |status| balancers(status, &[(1, 0)]);
    assert!(in_rotation(&one("UP")) && is_serving(&one("UP")));
    for status in ["DOWN", "UP 1/2", "MAINT", "UP (weight 0)"] {
        assert!(!in_rotation(&one(status)), "{status}");
    }
    assert!(!is_serving(&one("DOWN")));
    // The next check may bring the main line UP, and a twin of weight 0 has sticky users.
    assert!(is_serving(&one("DOWN 1/2")) && is_serving(&one("UP (weight 0)")));
    assert!(!in_rotation(&beside_silent(one("UP"))));
}

#[test]
fn a_host_is_out_if_no_user_comes_to_it() {
    for (gates, main, out) in [
        (GatesFound::ClosedUnexpectedly, "DOWN", true),
        (GatesFound::Held, "DOWN", true),
        (GatesFound::Held, "UP", false),
        (GatesFound::ClosedUnexpectedly, "DOWN 1/2", false),
        (GatesFound::Open, "DOWN", true),
        (GatesFound::Open, "MAINT", true),
        (GatesFound::Open, "DOWN 1/2", false),
        (GatesFound::Open, "UP 1/2", false),
        (GatesFound::Open, "DRAIN", false),
        (GatesFound::Held, "DRAIN", true),
    ] {
        let seen = is_out(gates, &failed(), &balancers(main, &[(3, 0)]));
        assert_eq!(seen, out, "{gates:?} {main}");
    }
    // Users may come by a balancer that can't be seen, and by a line of another backend.
    let down = balancers("DOWN", &[(3, 0)]);
    assert!(!is_out(
        GatesFound::Open,
        &failed(),
        &beside_silent(down.clone())
    ));
    assert!(is_out(
        GatesFound::Held,
        &Ok(()),
        &beside_silent(down.clone())
    ));
    // A line of an app that answers is about to rise.
    assert!(!is_out(GatesFound::Open, &Ok(()), &down));
    let with_up = [down, balancers("UP", &[(3, 0)])].concat();
    assert!(!is_out(GatesFound::Open, &failed(), &with_up));
    assert!(!is_out(GatesFound::Open, &failed(), &[]));
}
