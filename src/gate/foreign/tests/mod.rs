mod native;
mod published;

use super::*;
use crate::gate::{Family, Native};
use crate::haproxy::Role;

fn gate() -> Gate {
    Gate::of_web(Role::Main)
}

/// `!` before each rule that is certain; the chain is left out.
fn found(rules: &str, in_use: bool) -> Vec<String> {
    let chains = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N HAPROXY-GATE\n-N X\n-N Y\n\
        -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
        -A HAPROXY-GATE -m conntrack --ctstate INVALID -j RETURN\n";
    let listing = Listing::parse(&format!("{chains}{rules}\n")).unwrap();
    let iptables = Iptables::new("iptables", Family::V4);
    let all = foreign(&iptables, &listing, &gate(), in_use, &Checked::default());
    let said = |one: &Foreign| format!("{}{}", if one.is_certain() { "!" } else { "?" }, one.rule);
    all.iter().map(said).collect()
}

/// The sign of the only rule, or nothing.
fn sign(rules: &str) -> String {
    let found = found(rules, true);
    assert!(found.len() < 2, "{found:?}");
    found
        .first()
        .map_or(String::new(), |one| one[..1].to_owned())
}

#[test]
fn a_redirect_of_the_port_without_a_condition_is_certain() {
    for ports in [
        "-m tcp --dport 2000",
        "-m tcp --dport 1999:2001",
        "-m multiport --dports 80,2000",
        "-m multiport --dports 1:9,2000:2000",
        "-m multiport --ports 2000,3000",
        "-m multiport ! --dports 22,1000",
        "-m comment --comment \"a: b\" -m tcp --dport 2000",
        "-m addrtype --dst-type LOCAL",
        "",
    ] {
        let rule = format!("-A PREROUTING -p tcp {ports} -j REDIRECT --to-ports 1000");
        assert_eq!(sign(&rule), "!", "{ports}");
    }
    assert_eq!(sign("-A PREROUTING -j DNAT --to-destination 10.0.0.1"), "!");
    let removal = foreign(
        &Iptables::new("iptables-nft", Family::V4),
        &Listing::parse("-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 80\n").unwrap(),
        &gate(),
        true,
        &Checked::default(),
    );
    let command =
        "iptables-nft -t nat -D PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 80";
    assert_eq!(removal[0].removal.as_deref(), Some(command));
}

/// Like redsocks, docker, a DNAT of a whole host, a balancer beside and a mark.
#[test]
fn a_rule_with_a_condition_is_only_possible() {
    for rule in [
        "-A PREROUTING -i virbr0 -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 8080",
        "-A PREROUTING -d 10.9.9.9/32 ! -i docker0 -p tcp -m tcp --dport 2000 -j DNAT",
        "-A PREROUTING -d 10.9.9.9/32 -p tcp -m tcp ! --dport 1000 -j DNAT",
        "-A PREROUTING -s 10.9.0.0/16 -p tcp -j REDIRECT --to-ports 12345",
        "-A PREROUTING -p tcp -m mark --mark 0x7 -m tcp --dport 2000 -j REDIRECT",
        "-A PREROUTING -p tcp -m tcp --dport 2000 -m limit --limit 3/min -j REDIRECT",
        "-A OUTPUT -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 8080",
        // Of a HAProxy on this host.
        "-A OUTPUT -p tcp -j REDIRECT --to-ports 8080",
        "-A OUTPUT -j DNAT --to-destination 10.0.0.1",
        "-A OUTPUT -m owner --uid-owner 7 -p tcp -m tcp --dport 2000 -j REDIRECT",
    ] {
        assert_eq!(sign(rule), "?", "{rule}");
    }
}

#[test]
fn what_can_not_meet_the_check_is_not_found() {
    for rule in [
        // A chain that no rule calls, or only another one that no rule calls.
        "-A X -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000",
        "-A X -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000\n-A Y -j X",
        "-A PREROUTING -p tcp -m tcp --dport 2001 -j REDIRECT --to-ports 1000",
        "-A PREROUTING -p tcp -m tcp ! --dport 2000 -j REDIRECT --to-ports 1000",
        "-A PREROUTING -p tcp -m tcp --dport 2000 -j RETURN",
        "-A PREROUTING -p udp -m udp --dport 2000 -j REDIRECT --to-ports 1000",
        "-A OUTPUT -d 10.9.9.9/32 -p tcp -j DNAT --to-destination 10.8.8.8",
        "-A OUTPUT -p tcp -m owner --uid-owner 7 -j REDIRECT --to-ports 8080",
    ] {
        assert_eq!(sign(rule), "", "{rule}");
    }
}

/// HAProxy's checks of `at` meet these rules of IPv4: the sign of each.
fn signs(rules: &str, at: &[&str], family: Family) -> String {
    let chains = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
    let listing = Listing::parse(&format!("{chains}{rules}\n")).unwrap();
    let checked = Checked(at.iter().map(|ip| ip.parse().unwrap()).collect());
    let iptables = Iptables::new("iptables", family);
    let all = foreign(&iptables, &listing, &gate(), true, &checked);
    all.iter()
        .map(|one| if one.is_certain() { '!' } else { '?' })
        .collect()
}

/// A closed gate refuses such a check, and no rule behind it meets the check.
#[test]
fn a_redirect_to_the_same_place_is_not_certain() {
    let of = |target: &str| {
        let rule = format!("-A PREROUTING -p tcp -m tcp --dport 2000 -j {target}");
        signs(&rule, &["10.0.0.11"], Family::V4)
    };
    for stays in [
        "REDIRECT",
        "REDIRECT --to-ports 2000",
        "REDIRECT --to-ports 1999-2001",
        "DNAT --to-destination 10.0.0.11",
        "DNAT --to-destination 10.0.0.11:2000",
    ] {
        assert_eq!(of(stays), "?", "{stays}");
        let behind = format!(
            "-A PREROUTING -p tcp -j {stays}\n-A PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 80"
        );
        assert_eq!(signs(&behind, &["10.0.0.11"], Family::V4), "??", "{stays}");
    }
    for goes in [
        "REDIRECT --to-ports 1999-2001 --random",
        "REDIRECT --to-ports 2001-2002",
        "DNAT --to-destination 10.0.0.12",
        "DNAT --to-destination 10.0.0.12:2000",
        "DNAT --to-destination 10.0.0.11:80",
    ] {
        assert_eq!(of(goes), "!", "{goes}");
    }
    let own = "-A PREROUTING -p tcp -m tcp --dport 2000 -j DNAT --to-destination 10.0.0.11";
    assert_eq!(
        signs(own, &[], Family::V4),
        "!",
        "whose address it is, is not known"
    );
}

#[test]
fn a_rule_is_certain_only_in_a_family_that_the_checks_come_by() {
    let rule = "-A PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000";
    for (at, v4, v6) in [
        (&["10.0.0.11"][..], "!", "?"),
        (&["fd00::11"], "?", "!"),
        (&["10.0.0.11", "fd00::11"], "!", "!"),
        (&[], "!", "!"),
    ] {
        assert_eq!(signs(rule, at, Family::V4), v4, "{at:?}");
        assert_eq!(signs(rule, at, Family::V6), v6, "{at:?}");
    }
}

#[test]
fn a_chain_is_as_sure_as_the_way_into_it() {
    let redirect = "-A X -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000\n";
    for (before, sure) in [
        ("-A PREROUTING -j X\n", "!"),
        ("-A PREROUTING -p tcp -g X\n", "!"),
        ("-A PREROUTING -j Y\n-A Y -j X\n", "!"),
        ("-A PREROUTING -i eth0 -j X\n", "?"),
        ("-A PREROUTING -p tcp -m tcp --dport 80 -j X\n", "?"),
        // An earlier rule may take the check, or does.
        ("-A PREROUTING -i eth1 -j ACCEPT\n-A PREROUTING -j X\n", "?"),
        ("-A PREROUTING -p tcp -j ACCEPT\n-A PREROUTING -j X\n", "?"),
        ("-A PREROUTING -p udp -j ACCEPT\n-A PREROUTING -j X\n", "!"),
        ("-A PREROUTING -j X\n-A X -s 10.0.0.1/32 -j RETURN\n", "?"),
        ("-A PREROUTING -j X\n-A X -j LOG\n", "!"),
        (
            "-A PREROUTING -j Y\n-A PREROUTING -j X\n-A Y -i eth0 -j RETURN\n",
            "!",
        ),
        (
            "-A PREROUTING -j Y\n-A PREROUTING -j X\n-A Y -i eth0 -j ACCEPT\n",
            "?",
        ),
        (
            "-A PREROUTING -j Y\n-A PREROUTING -j X\n-A Y -j ACCEPT\n",
            "?",
        ),
    ] {
        assert_eq!(sign(&format!("{before}{redirect}")), sure, "{before}");
    }
}

/// The check is redirected by one or the other.
#[test]
fn behind_a_redirect_with_a_condition_one_without_is_certain() {
    let redirects = |first: &str| {
        let rules = format!(
            "{first}\n-A PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000"
        );
        let found = found(&rules, true);
        found
            .iter()
            .map(|one| one[..1].to_owned())
            .collect::<String>()
    };
    let condition = "-p tcp -m mark --mark 0x7 -j REDIRECT --to-ports 8080";
    assert_eq!(redirects(&format!("-A PREROUTING {condition}")), "?!");
    assert_eq!(
        redirects(&format!("-A PREROUTING -j X\n-A X {condition}")),
        "?!"
    );
    assert_eq!(
        redirects("-A PREROUTING -i eth0 -j X\n-A X -p tcp -j REDIRECT --to-ports 80"),
        "?!"
    );
    // One that ends without a redirect may let the check through.
    assert_eq!(redirects("-A PREROUTING -i eth0 -j ACCEPT"), "?");
}

/// istio/istio#29412: every port but those that return first.
#[test]
fn ports_that_return_first_are_left_alone() {
    let istio = |ports: &str| {
        format!(
            "-A PREROUTING -p tcp -j X\n-A X -p tcp -m multiport --dports {ports} -j RETURN\n\
             -A X -p tcp -j Y\n-A Y -p tcp -j REDIRECT --to-ports 15006\n"
        )
    };
    assert_eq!(sign(&istio("22,1000,2000,3000")), "");
    assert_eq!(sign(&istio("22,1000")), "!");
}

#[test]
fn our_rule_is_foreign_in_the_variant_not_in_use_or_under_another_name() {
    let rule = "-A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment \
        --comment \"haproxy-gate:web:main\" -j REDIRECT --to-ports 1000";
    assert_eq!(found(rule, true), [""; 0]);
    assert_eq!(found(rule, false), [format!("!{rule}")]);
    // A rule of an earlier configuration is the gate's, which replaces it.
    let earlier = rule.replace("web", "old");
    assert_eq!(found(&earlier, true), [""; 0]);
    assert_eq!(found(&earlier, false), [format!("!{earlier}")]);
    let stale = rule.replace("haproxy-gate:", "");
    assert_eq!(found(&stale, true), [format!("!{stale}")]);
    let twice = "-A PREROUTING -p tcp -m tcp --dport 2000 -j REDIRECT\n";
    assert_eq!(found(&format!("{twice}{twice}{stale}"), true).len(), 2);
}

/// What a close has shown of a rule holds as long as these are the same.
#[test]
fn what_may_decide_about_the_check_is_around_and_nothing_else() {
    let around = |program, rules: &str| {
        let listing = format!("-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N X\n{rules}\n");
        let listing = Listing::parse(&listing).unwrap();
        let iptables = Iptables::new(program, Family::V4);
        around(&iptables, &listing, &gate(), true)
    };
    let rule = "-A X -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000";
    let alone = around("iptables", rule);
    assert_eq!(alone, [format!("iptables {rule}")]);
    for other in [
        "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n-N HAPROXY-GATE\n\
         -A HAPROXY-GATE -m conntrack --ctstate INVALID -j RETURN\n\
         -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \"haproxy-gate:web:main\" -j REDIRECT --to-ports 1000",
        "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.9:80",
        "-A PREROUTING -p udp -j X",
    ] {
        assert_eq!(
            around("iptables", &format!("{rule}\n{other}")),
            alone,
            "{other}"
        );
    }
    for other in [
        "-A PREROUTING -s 10.0.0.7/32 -j X",
        "-A PREROUTING -i eth0 -j ACCEPT",
    ] {
        assert_ne!(
            around("iptables", &format!("{rule}\n{other}")),
            alone,
            "{other}"
        );
    }
    assert_ne!(around("ip6tables", rule), alone);
}

/// Ten jumps each, so many below each other: the walk neither blows up nor loops.
#[test]
fn a_chain_is_not_walked_again_and_again() {
    let mut rules = String::from("-A PREROUTING -j L0\n-A X -j X\n-A PREROUTING -j X\n");
    for level in 0..20 {
        rules = format!("-N L{level}\n{rules}");
        rules += &format!("-A L{level} -i eth0 -j L{}\n", level + 1).repeat(10);
    }
    assert_eq!(found(&format!("-N L20\n{rules}"), true), [""; 0]);
}
