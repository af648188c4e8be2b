//! What shows whether a gate reaches its destination.

use super::*;
use crate::doctor::Verdict::{Error, Ok as Well, Unseen, Warning};

#[test]
#[rustfmt::skip]
fn haproxy_shows_whether_the_app_is_reached() {
    let (up, refused, sick) = (
        through("UP"),
        through("DOWN L4CON"),
        through("DOWN L7STS"),
    );
    for (bound, through, is_well, verdict, says) in [
        ("127.0.0.1:1000", &up, true, Well, "reach it through the gate"),
        ("127.0.0.1:1000", &refused, true, Error, "alone, and srvs/web1 is refused"),
        ("127.0.0.1:1000", &sick, true, Warning, "a line that is UP will show"),
        ("0.0.0.0:1000", &sick, false, Unseen, "listens on 0.0.0.0:1000; no line is UP"),
        ("[::]:1000", &refused, false, Warning, "for IPv6 alone as it seems"),
        ("[::]:1000", &refused, true, Warning, "is refused through the open gate"),
        ("", &refused, true, Error, "what a gate has redirected meets no other rule"),
    ] {
        let bound = Some(bound).filter(|at| !at.is_empty());
        let reached = Reached { is_well, ..Reached::of(bound.as_slice(), through) };
        let point = point("app.web", &reached);
        assert!(point.verdict == verdict && point.found.contains(says), "{point:?}");
    }
}

fn published(to: &[&str]) -> Vec<Published> {
    let one = |to: &&str| Published {
        to: to.parse().unwrap(),
        health: to.ends_with("80").then_some(()).ok_or("refused".to_owned()),
    };
    to.iter().map(one).collect()
}

#[test]
fn a_published_port_is_answered_with_the_line_to_write() {
    for (to, says) in [
        (&["172.17.0.2:80"][..], "gate_to = \"172.17.0.2:80\""),
        (
            &["172.17.0.2:81", "172.17.0.3:80"],
            "gate_to = \"172.17.0.3:80\"",
        ),
        (&["172.17.0.2:81"], "gate_to = \"172.17.0.2:81\""),
        (&["[fd00::2]:80"], "gate_to = \"[fd00::2]:80\""),
    ] {
        let reached = Reached {
            published: published(to),
            ..Reached::of(&[], &through("DOWN L4CON"))
        };
        assert!(!reached.is_stopped());
        let point = point("app.web", &reached);
        assert_eq!(point.verdict, Error);
        assert!(point.fix.as_ref().unwrap().contains(says), "{point:?}");
    }
}

/// Measured: such a check ends with L4TOUT, and one to another address of this host arrives.
#[test]
fn a_check_of_a_loopback_address_does_not_get_to_another_host() {
    let mut reached = Reached {
        to: Destination::Address("172.17.0.2:80".parse().unwrap()),
        ..Reached::of(&[], &through("DOWN L4TOUT"))
    };
    assert!(
        point("app.web", &reached)
            .fix
            .unwrap()
            .starts_with("iptables -I FORWARD")
    );
    reached.through[0].is_loopback = true;
    let fix = point("app.web", &reached).fix.unwrap();
    assert_eq!(
        fix,
        "on the line of srvs/web1: another address of this host"
    );
}

#[test]
#[rustfmt::skip]
fn the_way_to_another_address_is_judged_by_what_haproxy_shows() {
    for (to, seen, published_to, is_forwarded, verdict, says) in [
        ("172.17.0.2:80", "UP", &[][..], true, Well, "reach 172.17.0.2:80 through the gate"),
        ("172.17.0.2:80", "UP", &["172.17.0.2:80"], true, Well, "reach 172.17.0.2:80"),
        // A health service of its own.
        ("172.17.0.2:80", "UP", &["172.17.0.9:3306"], true, Well, "reach 172.17.0.2:80"),
        // Its address has changed at its last start.
        ("172.17.0.2:80", "UP", &["172.17.0.3:80"], true, Error, "redirects the app's port to 172.17.0.3:80 now"),
        ("172.17.0.2:80", "DOWN L4TOUT", &[], false, Error, "this host forwards no IPv4"),
        ("172.17.0.2:80", "DOWN L4TOUT", &[], true, Error, "are lost on the way to 172.17.0.2:80 or back"),
        ("172.17.0.2:80", "DOWN L4CON", &[], true, Error, "nothing listens on 172.17.0.2:80"),
        ("172.17.0.2:80", "DOWN L7STS", &[], true, Unseen, "no line is UP"),
        ("[fd00::2]:80", "DOWN L4CON", &[], true, Error, "srvs/web1 is not checked over IPv6"),
    ] {
        let reached = Reached {
            to: Destination::Address(to.parse().unwrap()),
            published: published(published_to),
            is_forwarded,
            ..Reached::of(&[], &through(seen))
        };
        let point = point("app.web", &reached);
        assert!(point.verdict == verdict && point.found.contains(says), "{point:?}");
    }
}
