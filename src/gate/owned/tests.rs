//! Which rules each gate replaces.

use super::*;
use crate::gate::{Change, Destination, Listing, Position, plan_all, position};

const READY: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N HAPROXY-GATE\n\
    -A HAPROXY-GATE -m conntrack --ctstate INVALID -m comment --comment \
    \"haproxy-gate:keep-tracking\" -j RETURN\n\
    -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
    -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n";

fn rule(app: &str, role: &str, port: u16, to: u16) -> String {
    format!(
        "-A HAPROXY-GATE -p tcp -m tcp --dport {port} -m comment --comment \
         \"haproxy-gate:{app}:{role}\" -j REDIRECT --to-ports {to}\n"
    )
}

/// The rules of our chain after the gates of web are opened or closed, and whether they were
/// reported before.
fn after(rules: &[String], alone: bool, open: bool) -> (Vec<String>, bool) {
    let mut listing = Listing::parse(&(READY.to_owned() + &rules.concat())).unwrap();
    let main = Gate {
        alone,
        ..Gate::of_web(Role::Main)
    };
    let twin = Gate::of_web(Role::Twin);
    let gates: &[&Gate] = if alone { &[&main] } else { &[&main, &twin] };
    let is_reported = gates.iter().any(|gate| {
        let said = position(&listing, gate);
        matches!(said, Position::Broken(why) if why.contains("of an earlier configuration: -A"))
    });
    let wanted: Vec<(&Gate, bool)> = gates.iter().map(|gate| (*gate, open)).collect();
    let changes = plan_all(&listing, &wanted);
    // A gate that opens anew is never closed in between.
    let appends = changes
        .iter()
        .position(|one| matches!(one, Change::Append(_)));
    let deletes = changes
        .iter()
        .position(|one| matches!(one, Change::Delete(_)));
    assert!(
        !open || appends <= deletes || appends.is_none(),
        "{changes:?}"
    );
    changes.iter().for_each(|one| listing.apply(one));
    let left = listing.ours().map(|one| one.to_string() + "\n");
    let left = left
        .filter(|one| !one.contains("keep-tracking"))
        .map(|one| {
            one.replace(
                "--comment haproxy-gate:web:main",
                "--comment \"haproxy-gate:web:main\"",
            )
            .replace(
                "--comment haproxy-gate:web:backup",
                "--comment \"haproxy-gate:web:backup\"",
            )
        });
    (left.collect(), is_reported)
}

#[test]
fn rules_of_an_earlier_configuration_are_reported_and_replaced() {
    let main = || rule("web", "main", 2000, 1000);
    let twin = || rule("web", "backup", 3000, 1000);
    let mut all = [main(), twin()];
    all.sort();
    for earlier in [
        // Another status port, another port of the app, both ports exchanged, and another name.
        vec![rule("web", "main", 2100, 1000), twin()],
        vec![
            rule("web", "main", 2000, 1001),
            rule("web", "backup", 3000, 1001),
        ],
        vec![
            rule("web", "main", 3000, 1000),
            rule("web", "backup", 2000, 1000),
        ],
        vec![
            rule("shop", "main", 2000, 1000),
            rule("shop", "backup", 3000, 1000),
        ],
        vec![rule("shop", "backup", 2000, 1000), main(), twin()],
    ] {
        let (mut left, is_reported) = after(&earlier, false, true);
        left.sort();
        assert!(is_reported, "{earlier:?}");
        assert_eq!(left, all, "{earlier:?}");
        assert_eq!(after(&earlier, false, false).0, Vec::<String>::new());
    }
    // An app that has no twin's gate any more.
    let (left, is_reported) = after(&[main(), twin()], true, true);
    assert_eq!((left, is_reported), (vec![main()], true));
}

/// blue and green, each with a main gate.
fn targets() -> [Gate; 2] {
    let gate = |name: &str, status_port, port, other: (&str, u16)| Gate {
        target: Some(name.to_owned()),
        status_port,
        to: Destination::Port(port),
        alone: true,
        of_others: vec![other.1],
        other_targets: vec![other.0.to_owned()],
        ..Gate::of_web(Role::Main)
    };
    let blue = gate("blue", 2000, 1000, ("green", 2001));
    [blue, gate("green", 2001, 1001, ("blue", 2000))]
}

/// The rules that blue's gate replaces, and those that green's does. An app has got its targets,
/// one has got another port, one is gone, or both have exchanged their ports.
#[test]
fn each_target_replaces_its_own_rules_and_those_of_targets_that_are_gone() {
    for (earlier, of_blue, of_green) in [
        (rule("web:blue", "main", 2000, 1000), true, false),
        (rule("web:green", "main", 2001, 1001), false, true),
        (rule("web", "main", 2000, 1000), true, false),
        (rule("web", "main", 2100, 1000), true, false),
        (rule("web", "backup", 3000, 1000), true, false),
        (rule("web", "main", 2100, 1009), false, false),
        (rule("web:blue", "main", 2100, 1000), true, false),
        (rule("web:green", "main", 2100, 1001), false, true),
        (rule("web:red", "main", 2002, 1002), true, true),
        (rule("web:red", "backup", 3002, 1002), true, true),
        (rule("web:red", "main", 2001, 1002), false, true),
        (rule("web:green", "main", 2000, 1001), true, false),
        (rule("api:red", "main", 2002, 1002), false, false),
        (rule("api", "main", 2002, 1002), false, false),
        (rule("web:blue", "park", 2002, 1002), false, false),
    ] {
        let listing = Listing::parse(&(READY.to_owned() + &earlier)).unwrap();
        let earlier = listing.ours().last().unwrap();
        let owns = targets().map(|gate| gate.owns(&earlier.rule));
        assert_eq!(owns, [of_blue, of_green], "{earlier}");
        for (gate, owns) in targets().iter().zip(owns) {
            let changes = plan_all(&listing, &[(gate, true)]);
            let is_exact = earlier.rule == gate.rule();
            let goes = changes.contains(&Change::Delete(earlier.clone()));
            assert_eq!(goes, owns && !is_exact, "{earlier}: {changes:?}");
            let is_main = earlier.rule.comment.as_ref().unwrap().ends_with(":main");
            let moved = owns && is_main && !is_at(&earlier.rule, gate.status_port);
            assert_eq!(is_earlier(gate, &earlier.rule), moved, "{earlier}");
        }
    }
}

/// An app without targets had some before.
#[test]
fn an_app_replaces_the_rules_of_the_targets_it_had() {
    let rules = [
        rule("web:blue", "main", 2000, 1000),
        rule("web:green", "main", 2001, 1001),
        rule("web:green", "backup", 3001, 1001),
    ];
    let (left, is_reported) = after(&rules, true, true);
    let main = rule("web", "main", 2000, 1000);
    assert_eq!((left, is_reported), (vec![main], true));
}

/// Two apps have exchanged their status ports. An operation on one does not touch the place that
/// the other one has now.
#[test]
fn the_place_of_another_app_stays() {
    let web = Gate {
        of_others: vec![2001],
        ..Gate::of_web(Role::Main)
    };
    let rules =
        READY.to_owned() + &rule("web", "main", 2001, 1000) + &rule("api", "main", 2000, 1001);
    for open in [false, true] {
        let mut listing = Listing::parse(&rules).unwrap();
        for change in plan_all(&listing, &[(&web, open)]) {
            listing.apply(&change);
        }
        let left: Vec<String> = listing.ours().map(|one| one.to_string()).collect();
        let is_at = |port: &str| left.iter().any(|one| one.contains(port));
        assert!(is_at("--dport 2001"), "{left:?}");
        assert_eq!(is_at("--dport 2000"), open, "{left:?}");
        assert!(!left.iter().any(|one| one.contains("api")), "{left:?}");
    }
}

#[test]
fn the_rules_of_other_apps_and_of_others_stay() {
    for other in [
        rule("shop", "main", 2001, 1001),
        "-A HAPROXY-GATE -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000\n".to_owned(),
        rule("web", "main", 2000, 1000).replace("haproxy-gate:web:main", "ours:web:main"),
        rule("web", "main", 2000, 1000).replace(":web:main", ":web:third"),
    ] {
        let (left, is_reported) = after(std::slice::from_ref(&other), false, false);
        assert_eq!((left, is_reported), (vec![other], false));
    }
}
