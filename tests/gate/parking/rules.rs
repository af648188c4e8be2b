//! Rules that are lost, doubled, earlier, or not the agent's to change.

use super::*;

#[test]
fn parking_fixes_lost_doubled_and_earlier_rules() {
    if !inside("parking::rules::parking_fixes_lost_doubled_and_earlier_rules") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    let rule = "HAPROXY-GATE-PARK -p tcp -m tcp --dport";
    let of = |names: &str| {
        format!("--tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment haproxy-gate:{names}:park")
    };
    let (web_green, red) = (of("web:green"), of("web:red"));
    for (variant, name) in VARIANTS {
        let (firewall, blue) = (firewall(variant), web("blue"));
        for harm in [
            "-F".to_owned(),
            "-F PREROUTING".to_owned(),
            "-F HAPROXY-GATE-PARK".to_owned(),
            format!("-A {rule} 1001 {web_green} -j DNAT --to-destination :1000"),
            format!("-I {rule} 1001 {web_green} -j DNAT --to-destination :1009"),
            format!("-I {rule} 1001 {red} -j DNAT --to-destination :1009"),
            format!("-A {rule} 1002 {web_green} -j DNAT --to-destination :1000"),
            "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE-PARK".to_owned(),
        ] {
            park(&firewall, &blue);
            sh(&format!("iptables-{name} -t nat {harm}"));
            assert!(park(&firewall, &blue), "{name} {harm}");
            assert_eq!(green(&firewall, &blue), ParkingPosition::Set, "{harm}");
            assert_eq!(by(&balancer, GREEN[0]), "blue", "{name} {harm}");
            let rules = sh(&format!("iptables-{name} -t nat -S"));
            assert_eq!(rules.matches("GATE-PARK").count(), 4, "{harm}: {rules}");
        }
        sh(&format!(
            "iptables-{name} -t nat -A {rule} 1002 {red} -j DNAT --to-destination :1000"
        ));
        let gone = block_on(firewall.look()).unwrap().parked_of_gone(&blue);
        assert_eq!(gone.len(), 1, "{gone:?}");
        assert!(park(&firewall, &blue.without("green")));
        let rules = sh(&format!("iptables-{name} -t nat -S"));
        assert!(!rules.contains(":park"), "{rules}");
        flush(name);
    }
}

/// Such a rule still parks the port after an unpark by the variant in use.
#[test]
fn a_rule_of_the_other_variant_is_reported_and_its_removal_works() {
    if !inside("parking::rules::a_rule_of_the_other_variant_is_reported_and_its_removal_works") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    for [(used, name), (other, _)] in [VARIANTS, [VARIANTS[1], VARIANTS[0]]] {
        let none = web("blue").without("green");
        let firewall = firewall(used);
        park(&super::firewall(other), &web("blue"));
        park(&firewall, &web("blue"));
        park(&firewall, &none);
        assert_eq!(by(&balancer, GREEN[0]), "blue", "{name}");
        let reported = || {
            let view = block_on(firewall.look()).unwrap();
            view.parked_by_others(&none, &none.targets[1])
        };
        let found = reported();
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        for one in found {
            sh(one.removal.as_deref().expect("a certain rule"));
        }
        assert!(reported().is_empty(), "{name}");
        assert_eq!(by(&balancer, GREEN[0]), "green", "{name}");
    }
}

#[test]
fn a_native_rule_that_parks_a_port_is_reported() {
    if !inside("parking::rules::a_native_rule_that_parks_a_port_is_reported") {
        return;
    }
    let firewall = firewall(Variant::Nft);
    sh(
        "nft add table inet t; nft 'add chain inet t p { type nat hook prerouting priority -150; }'
        nft add rule inet t p tcp dport 1001 redirect to :1000",
    );
    let view = block_on(firewall.look()).unwrap();
    let blue = web("blue");
    let found = view.parked_by_others(&blue, &blue.targets[1]);
    assert_eq!(found.len(), 1, "{found:?}");
    sh(found[0].removal.as_deref().expect("a certain rule"));
    assert!(!sh("nft list ruleset").contains("redirect to :1000"));
    assert_eq!(view.parked_by_others(&blue, &blue.targets[0]), []);
}
