//! Foreign rules, as a real iptables and a real nft print them: which ones are certain.

use super::{OtherHost, Role, VARIANTS, block_on, firewall, gate, set};
use haproxy_gate::gate::{Firewall, Foreign, Variant};
use lab::own_network::{inside, sh};
use std::net::TcpListener;

/// Rules from the field: a proxy for all ports but some, docker, redsocks, a mark, a DNAT of the
/// whole host.
#[test]
fn rules_of_iptables_are_certain_or_possible() {
    if !inside("foreign::rules_of_iptables_are_certain_or_possible") {
        return;
    }
    let main = gate(Role::Main, 2000);
    for (variant, program) in [
        (Variant::Nft, "iptables-nft"),
        (Variant::Legacy, "iptables-legacy"),
    ] {
        let firewall = firewall(variant);
        for (rules, expected) in [
            (
                "-A PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 80",
                Some(true),
            ),
            (
                "-A PREROUTING -p tcp -m multiport ! --dports 22,1000 -j REDIRECT --to-ports 80",
                Some(true),
            ),
            (
                "-A PREROUTING -p tcp -m multiport --ports 2000,3000 -j REDIRECT --to-ports 80",
                Some(true),
            ),
            (
                "-A PREROUTING -i virbr0 -p tcp --dport 2000 -j REDIRECT --to-ports 80",
                Some(false),
            ),
            (
                "-A PREROUTING -d 10.9.9.9 -p tcp ! --dport 1000 -j DNAT --to-destination 10.9.9.8",
                Some(false),
            ),
            (
                "-A PREROUTING -p tcp --dport 2000 -m mark --mark 7 -j REDIRECT --to-ports 80",
                Some(false),
            ),
            (
                "-A PREROUTING -p tcp --dport 2000 -m comment --comment '' -j REDIRECT --to-ports 80",
                Some(true),
            ),
            // The check stays where it is: a closed gate refuses it.
            (
                "-A PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 2000",
                Some(false),
            ),
            ("-A PREROUTING -p tcp --dport 2000 -j REDIRECT", Some(false)),
            (
                "-A PREROUTING -p tcp --dport 2001 -j REDIRECT --to-ports 80",
                None,
            ),
            (
                "-A PREROUTING -p tcp -m multiport --dports 22,2000 -j RETURN\n-A PREROUTING -p tcp -j REDIRECT --to-ports 80",
                None,
            ),
        ] {
            sh(&format!("{program} -t nat -F PREROUTING"));
            for rule in rules.lines() {
                sh(&format!("{program} -t nat {rule}"));
            }
            let found = block_on(firewall.look()).unwrap().foreign(&main);
            let certain = found.first().map(|one| one.is_certain());
            assert_eq!(
                (certain, found.len()),
                (expected, usize::from(expected.is_some())),
                "{program} {rules}: {found:?}"
            );
        }
        sh(&format!("{program} -t nat -F PREROUTING"));
    }
}

#[test]
fn native_rules_are_named_with_their_text() {
    if !inside("foreign::native_rules_are_named_with_their_text") {
        return;
    }
    let main = gate(Role::Main, 2000);
    // nft lists the rules of iptables, too: none of them counts as native.
    let firewall = firewall(Variant::Nft);
    block_on(firewall.ensure(&[(&main, true)])).unwrap();
    sh("iptables-nft -t nat -A PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 80");
    let found = || {
        let found = block_on(firewall.look()).unwrap().foreign(&main);
        let native = found.into_iter().filter(|one| one.rule.starts_with("nft "));
        native.collect::<Vec<Foreign>>()
    };
    assert_eq!(found(), []);
    sh(
        "nft add table inet mine && nft 'add chain inet mine pre { type nat hook prerouting priority -110; }'",
    );
    for (rule, certain) in [
        ("tcp dport 2000 counter redirect to :80", Some(true)),
        ("tcp dport { 80, 1999-2001 } redirect to :80", Some(true)),
        ("tcp dport != { 22, 1000 } redirect to :80", Some(true)),
        ("meta l4proto tcp th dport 2000 redirect to :80", Some(true)),
        (
            "iifname \"eth7\" tcp dport 2000 redirect to :80",
            Some(false),
        ),
        (
            "ip saddr 10.0.0.0/8 tcp dport 2000 redirect to :80",
            Some(false),
        ),
        ("tcp dport 2000 redirect to :2000", Some(false)),
        ("tcp dport 2000 redirect", Some(false)),
        ("tcp dport { 80, 443 } redirect to :80", None),
        ("udp dport 2000 redirect to :80", None),
        ("dnat ip to tcp dport map { 8080 : 10.9.9.9 }", None),
        ("tcp dport > 2000 redirect to :80", None),
        ("tcp dport >= 2000 redirect to :80", Some(true)),
        ("tcp dport < 2000 redirect to :80", None),
        ("tcp dport <= 2000 redirect to :80", Some(true)),
        (
            "fib daddr type local tcp dport 2000 redirect to :80",
            Some(true),
        ),
        (
            "fib saddr type local tcp dport 2000 redirect to :80",
            Some(false),
        ),
        // These count, log and mark without a condition.
        (
            "tcp dport 2000 counter log meta mark set 7 redirect to :80",
            Some(true),
        ),
        (
            "tcp dport 2000 limit rate 3/second redirect to :80",
            Some(false),
        ),
        (
            "tcp dport 2000 quota over 9 mbytes redirect to :80",
            Some(false),
        ),
        ("tcp dport 2000 ct count 5 redirect to :80", Some(false)),
        (
            "ct state new,related tcp dport 2000 redirect to :80",
            Some(true),
        ),
    ] {
        sh("nft flush chain inet mine pre");
        sh(&format!("nft add rule inet mine pre '{rule}'"));
        let found = found();
        assert_eq!(
            found.first().map(|one| one.is_certain()),
            certain,
            "{rule}: {found:?}"
        );
        if let Some(one) = found.first() {
            assert!(
                one.rule.starts_with("nft rule inet mine pre handle "),
                "{one:?}"
            );
            assert!(one.rule.contains(" redirect"), "{one:?}");
            assert!(!one.rule.contains("packets"), "{one:?}");
            one.removal.iter().for_each(|removal| drop(sh(removal)));
        }
    }
    assert_eq!(found().len(), 0, "the last removal works");
    // The agent does not look into a named map: the map may accept the check.
    sh("nft 'add map inet mine verdicts { type inet_service : verdict; }'");
    sh("nft add rule inet mine pre tcp dport vmap @verdicts");
    sh("nft add rule inet mine pre tcp dport 2000 redirect to :80");
    let certain: Vec<bool> = found().iter().map(|one| one.is_certain()).collect();
    assert_eq!(certain, [false]);
}

/// The kernel asks each base chain of nat until one translates: a certain rule catches the check of a
/// closed gate both ahead of ours and behind.
#[test]
fn a_certain_native_rule_catches_the_check_and_a_dormant_one_does_not() {
    if !inside("foreign::a_certain_native_rule_catches_the_check_and_a_dormant_one_does_not") {
        return;
    }
    let _app = TcpListener::bind("0.0.0.0:1000").unwrap();
    let other = OtherHost::start();
    let answers = || {
        let connect =
            "timeout 2 bash -c ': > /dev/tcp/10.77.9.1/2000' 2>/dev/null && echo yes || echo no";
        sh(&format!("nsenter -t {} -n {connect}", other.0.id())).trim() == "yes"
    };
    let main = gate(Role::Main, 2000);
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        set(&firewall, &main, true);
        assert!(answers(), "{name}");
        set(&firewall, &main, false);
        assert!(!answers(), "{name}");
        for (priority, flags, certain) in [
            (-110, "", true),
            (-90, "", true),
            (-110, "flags dormant;", false),
        ] {
            sh(&format!("nft 'add table ip mine {{ {flags} }}'"));
            sh(&format!(
                "nft 'add chain ip mine pre {{ type nat hook prerouting priority {priority}; }}'"
            ));
            sh("nft add rule ip mine pre tcp dport 2000 redirect to :1000");
            let found = block_on(firewall.look()).unwrap().foreign(&main);
            let found: Vec<bool> = found.iter().map(|one| one.is_certain()).collect();
            assert_eq!(found, [certain], "{name} {priority} {flags}");
            assert_eq!(answers(), certain, "{name} {priority} {flags}");
            sh("nft delete table ip mine");
        }
    }
}

#[test]
fn a_native_rule_of_ipv6_counts_where_the_agent_manages_ipv6() {
    if !inside("foreign::a_native_rule_of_ipv6_counts_where_the_agent_manages_ipv6") {
        return;
    }
    sh("nft add table ip6 mine");
    sh("nft 'add chain ip6 mine pre { type nat hook prerouting priority -110; }'");
    sh("nft add rule ip6 mine pre tcp dport 2000 redirect to :1000");
    for (ipv6, found) in [(true, 1), (false, 0)] {
        let firewall = block_on(Firewall::new(Some(Variant::Nft), ipv6)).unwrap();
        let foreign = block_on(firewall.look())
            .unwrap()
            .foreign(&gate(Role::Main, 2000));
        assert_eq!(foreign.len(), found, "{foreign:?}");
    }
}

/// A look costs no call of nft on a host where iptables has all chains of nat.
#[test]
fn nft_is_asked_only_beside_native_chains() {
    if !inside("foreign::nft_is_asked_only_beside_native_chains") {
        return;
    }
    set(&firewall(Variant::Nft), &gate(Role::Main, 2000), true);
    let is_asked = || {
        sh("mkdir -p /run/bin; rm -f /run/asked");
        let nft = "#!/bin/sh\ntouch /run/asked\nexec /usr/sbin/nft \"$@\"\n";
        std::fs::write("/run/bin/nft", nft).unwrap();
        std::fs::write("/run/agent.toml", STATUS).unwrap();
        let agent = env!("CARGO_BIN_EXE_agent");
        sh(&format!(
            "chmod +x /run/bin/nft; PATH=/run/bin:$PATH {agent} status --config /run/agent.toml || true"
        ));
        std::path::Path::new("/run/asked").exists()
    };
    assert!(!is_asked());
    sh(
        "nft add table ip mine; nft 'add chain ip mine other { type filter hook forward priority 0; }'",
    );
    assert!(!is_asked());
    sh("nft 'add chain ip mine pre { type nat hook prerouting priority -110; }'");
    assert!(is_asked());
}

const STATUS: &str = r#"[app.web]
port = 1000
status_port = 2000
health = { http = "/healthz" }
restart = { command = ["true"] }
[[haproxy]]
socket = "/run/no.sock"
[agent]
state_dir = "/run/state"
"#;
