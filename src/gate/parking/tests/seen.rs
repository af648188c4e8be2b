//! Both families, the other variant, and the place to park on.

use super::*;
use crate::gate::foreign::Checked;
use crate::gate::iptables::{Family, Iptables};
use crate::gate::nft::Native;
use crate::gate::parking::seen::to_do;
use crate::gate::view::{Tables, View};

const V4: Iptables = Iptables::new("iptables-nft", Family::V4);
const V6: Iptables = Iptables::new("ip6tables-nft", Family::V6);
const LEGACY: Iptables = Iptables::new("iptables-legacy", Family::V4);

fn view(used: Tables, unused: Tables) -> View {
    View {
        used,
        unused,
        native: Ok(Native::default()),
        checked: Checked::default(),
    }
}

fn both(v4: Listing, v6: Listing) -> View {
    view(vec![(V4, v4), (V6, v6)], Vec::new())
}

fn to(place: &str) -> Parkings {
    let mut web = web("blue");
    web.targets[1].to = Some(Destination::Address(place.parse().unwrap()));
    web
}

#[test]
fn a_place_with_an_address_is_parked_on_in_its_family_alone() {
    let bare = || listing(&[BARE]);
    for (place, program, rules) in [
        ("172.17.0.2:1000", "iptables-nft", [1, 0]),
        ("[fd00::2]:1000", "ip6tables-nft", [0, 1]),
    ] {
        let tables = vec![(V4, bare()), (V6, bare())];
        let changes = to_do(&tables, &to(place));
        let programs: Vec<&str> = changes.iter().map(|(one, _)| one.program).collect();
        assert_eq!(programs, [program]);
        let text = rule("web:green", 1001, place);
        let listings = rules.map(|here| ready(&vec![text.clone(); here]));
        let [v4, v6] = listings;
        let seen = both(v4, v6);
        assert_eq!(seen.parked(&to(place))[1], ParkingPosition::Set, "{place}");
        assert_eq!(seen.plan_parking(&to(place)), Vec::<String>::new());
        // With another place these rules go, and one is added in each family.
        assert_eq!(seen.plan_parking(&web("blue")).len(), 3);
    }
}

#[test]
fn both_families_are_alike_or_broken() {
    let set = || ready(&[green()]);
    let web = web("blue");
    let at = |seen: View| seen.parked(&web)[1].to_string();
    assert_eq!(at(both(set(), set())), "parked");
    assert_eq!(at(both(ready(&[]), ready(&[]))), "not parked");
    assert_eq!(
        at(both(set(), ready(&[]))),
        "broken (iptables-nft: parked, ip6tables-nft: not parked)"
    );
    let stale = to("172.17.0.2:1000");
    let one = ready(&[rule("web:green", 1001, "172.17.0.2:1000")]);
    let position = both(one, ready(&[green()])).parked(&stale)[1].to_string();
    assert!(position.contains("ip6tables-nft: broken"), "{position}");
}

#[test]
fn the_rules_of_targets_that_are_gone_are_listed() {
    let red = rule("web:red", 1002, ":1000");
    let seen = both(ready(&[green(), red.clone()]), ready(&[]));
    let gone = format!("iptables-nft: {}", red.trim_end());
    assert_eq!(seen.parked_of_gone(&web("blue")), [gone]);
}

/// After an unpark such a rule still leads the users of green to blue.
#[test]
fn a_rule_that_parks_and_is_not_the_agents_to_change_is_reported() {
    let by_hand = |target: &str| format!("-A PREROUTING -p tcp -m tcp --dport 1001 -j {target}\n");
    let found = |seen: &View| {
        let web = web("blue");
        let found = seen.parked_by_others(&web, &web.targets[1]);
        found
            .into_iter()
            .map(|one| one.removal.unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let bare = || vec![(V4, listing(&[BARE]))];
    for (target, reported) in [
        ("REDIRECT --to-ports 1000", true),
        ("DNAT --to-destination :1000", true),
        // Of a container, and of a port that no target has.
        ("DNAT --to-destination 172.17.0.3:1000", false),
        ("REDIRECT --to-ports 1009", false),
    ] {
        let used = listing(&[BARE, &by_hand(target)]);
        let expected: Vec<String> = reported
            .then(|| {
                format!("iptables-nft -t nat -D PREROUTING -p tcp -m tcp --dport 1001 -j {target}")
            })
            .into_iter()
            .collect();
        assert_eq!(
            found(&view(vec![(V4, used)], Vec::new())),
            expected,
            "{target}"
        );
    }
    assert_eq!(
        found(&view(vec![(V4, ready(&[green()]))], Vec::new())),
        Vec::<String>::new()
    );
    let other_variant = view(bare(), vec![(LEGACY, ready(&[green()]))]);
    let removal = format!(
        "iptables-legacy -t nat {}",
        green().trim_end().replace("-A ", "-D ")
    );
    assert_eq!(found(&other_variant), [removal]);
}

#[test]
fn the_place_is_the_port_an_address_or_a_published_container() {
    let publishes = |port: u16| {
        format!(
            "-A PREROUTING -p tcp -m tcp --dport {port} -j DNAT --to-destination 172.17.0.2:80\n"
        )
    };
    let bare = || both(listing(&[BARE]), listing(&[BARE]));
    let container = both(listing(&[BARE, &publishes(1000)]), listing(&[BARE]));
    // What the agent itself has parked is no container.
    let parked = both(
        ready(&[rule("web:blue", 1000, "172.17.0.9:80")]),
        ready(&[]),
    );
    let place = |seen: &View, address: &str| seen.place(1000, address.parse().ok()).to_string();
    for (seen, address, expected) in [
        (bare(), "", "1000"),
        (bare(), "127.0.0.1", "1000"),
        (bare(), "::", "1000"),
        (bare(), "10.0.0.12", "10.0.0.12:1000"),
        (bare(), "fd00::2", "[fd00::2]:1000"),
        (container, "", "172.17.0.2:80"),
        (parked, "", "1000"),
    ] {
        assert_eq!(place(&seen, address), expected);
    }
}
