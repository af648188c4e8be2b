//! The plan and the positions of parked ports.

mod owned;
mod seen;
mod tables;

use super::plan::position;
use super::*;
use crate::gate::Listing;
use crate::gate::rule::Change;

const BARE: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
const CHAIN_LINE: &str = "-N HAPROXY-GATE-PARK\n";
const KEEPER: &str = "-A HAPROXY-GATE-PARK -m conntrack --ctstate INVALID -m comment --comment \
    \"haproxy-gate:keep-tracking\" -j RETURN\n";
const JUMP: &str = "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE-PARK\n";

fn listing(parts: &[&str]) -> Listing {
    Listing::parse(&parts.concat()).unwrap()
}

/// As after the first park, with these rules.
fn ready(rules: &[String]) -> Listing {
    listing(&[BARE, CHAIN_LINE, JUMP, KEEPER, &rules.concat()])
}

fn rule(names: &str, port: u16, to: &str) -> String {
    format!(
        "-A HAPROXY-GATE-PARK -p tcp -m tcp --dport {port} --tcp-flags FIN,SYN,RST,ACK SYN \
         -m comment --comment \
         \"haproxy-gate:{names}:park\" -j DNAT --to-destination {to}\n"
    )
}

fn green() -> String {
    rule("web:green", 1001, ":1000")
}

/// blue on port 1000 and green on 1001, the current one first.
fn web(current: &str) -> Parkings {
    let targets = [("blue", 1000), ("green", 1001)];
    let port = targets.iter().find(|(name, _)| *name == current).unwrap().1;
    let parking = |(name, of): (&str, u16)| Parking {
        target: name.to_owned(),
        port: of,
        to: (name != current).then_some(Destination::Port(port)),
    };
    Parkings {
        app: "web".to_owned(),
        targets: targets.map(parking).to_vec(),
        other_apps: vec!["api".to_owned()],
    }
}

fn calls(listing: &Listing, wanted: &Parkings) -> Vec<String> {
    let changes = plan_parking(listing, wanted);
    changes.iter().map(Change::to_string).collect()
}

fn positions(listing: &Listing, wanted: &Parkings) -> Vec<ParkingPosition> {
    let targets = wanted.targets.iter();
    targets.map(|one| position(listing, wanted, one)).collect()
}

#[test]
fn the_first_park_adds_the_rule_last() {
    assert_eq!(
        calls(&listing(&[BARE]), &web("blue")),
        [
            "-N HAPROXY-GATE-PARK",
            "-A HAPROXY-GATE-PARK -m conntrack --ctstate INVALID -m comment --comment \
             haproxy-gate:keep-tracking -j RETURN",
            "-I PREROUTING 1 -m addrtype --dst-type LOCAL -j HAPROXY-GATE-PARK",
            "-A HAPROXY-GATE-PARK -p tcp -m tcp --dport 1001 -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment \
             haproxy-gate:web:green:park -j DNAT --to-destination :1000",
        ]
    );
}

/// Nothing of what keeps connections tracked goes with the last rule.
#[test]
fn a_park_and_an_unpark_are_one_call_and_a_second_one_none() {
    let (parked, not) = (ready(&[green()]), ready(&[]));
    let (blue, none) = (web("blue"), web("blue").without("green"));
    assert_eq!(calls(&not, &blue).len(), 1);
    assert_eq!(calls(&parked, &blue), Vec::<String>::new());
    let unpark = calls(&parked, &none);
    assert_eq!(unpark.len(), 1, "{unpark:?}");
    assert_eq!(unpark[0], green().trim_end().replace("-A ", "-D "));
    assert_eq!(calls(&not, &none), Vec::<String>::new());
    assert_eq!(calls(&listing(&[BARE]), &none), Vec::<String>::new());
}

/// A rule that leads users to the wrong target goes before another one is added.
#[test]
fn what_is_not_wanted_goes_first() {
    let before = ready(&[rule("web:blue", 1000, ":1001"), green()]);
    let calls = calls(&ready(&[rule("web:blue", 1000, ":1001")]), &web("blue"));
    assert!(calls[0].starts_with("-D HAPROXY-GATE-PARK "), "{calls:?}");
    assert!(calls[1].starts_with("-A HAPROXY-GATE-PARK "), "{calls:?}");
    assert_eq!(plan_parking(&before, &web("green")).len(), 1);
    let bare = listing(&[BARE, CHAIN_LINE, &green()]);
    let calls: Vec<String> = self::calls(&bare, &web("blue").without("green"));
    assert!(
        calls[0].contains("keep-tracking") && calls[1].starts_with("-D "),
        "{calls:?}"
    );
    assert_eq!(calls.len(), 2, "no jump for nothing: {calls:?}");
}

#[test]
fn each_target_has_a_position_with_its_reason() {
    use ParkingPosition::{Broken, NotSet, Set};
    let broken = |why: &str| Broken(why.to_owned());
    let both = [green(), green()];
    let moved = rule("web:green", 1001, ":1009");
    let earlier = |rule: &str| {
        broken(&format!(
            "a rule of an earlier configuration: {}",
            rule.trim_end()
        ))
    };
    let renamed = rule("web:red", 1001, ":1000");
    let other_port = rule("web:green", 1002, ":1000");
    let blue = rule("web:blue", 1000, ":1001");
    for (listing, blue_is, green_is) in [
        (listing(&[BARE]), NotSet, NotSet),
        (ready(&[]), NotSet, NotSet),
        (ready(&[green()]), NotSet, Set),
        // The current target is parked.
        (ready(&[blue]), Set, NotSet),
        (ready(&both), NotSet, broken("2 times the same rule")),
        (ready(std::slice::from_ref(&moved)), NotSet, earlier(&moved)),
        (
            ready(std::slice::from_ref(&renamed)),
            NotSet,
            earlier(&renamed),
        ),
        (
            ready(std::slice::from_ref(&other_port)),
            NotSet,
            earlier(&other_port),
        ),
        (
            listing(&[BARE, CHAIN_LINE, KEEPER, &green()]),
            NotSet,
            broken("no jump from PREROUTING to HAPROXY-GATE-PARK"),
        ),
        (
            listing(&[BARE, CHAIN_LINE, JUMP, &green()]),
            NotSet,
            broken("without the rule that keeps connections tracked"),
        ),
    ] {
        let found = positions(&listing, &web("blue"));
        assert_eq!(found, [blue_is, green_is], "{listing:?}");
    }
}
