use super::super::walk::{Fate, fate};
use super::*;
use serde_json::json;

fn packet(from: &str) -> Packet {
    Packet {
        port: 2000,
        to: "10.0.0.11".parse().ok(),
        from: from.parse().ok(),
        interface: Some("eth0".into()),
    }
}

fn ruleset(policy: &str, rules: &[Value]) -> Ruleset {
    let mut objects = vec![
        json!({"metainfo": {"version": "1.0.6"}}),
        json!({"set": {"family": "inet", "name": "ok", "table": "fw", "elem":
            [{"prefix": {"addr": "10.0.0.0", "len": 24}}, "192.168.1.1"]}}),
        json!({"chain": {"family": "inet", "table": "fw", "name": "input", "type": "filter",
            "hook": "input", "prio": 0, "policy": policy}}),
        json!({"chain": {"family": "inet", "table": "fw", "name": "sub"}}),
        json!({"rule": {"family": "inet", "table": "fw", "chain": "sub",
            "expr": [{"counter": null}, {"reject": null}]}}),
    ];
    objects.extend(rules.iter().map(
        |expr| json!({"rule": {"family": "inet", "table": "fw", "chain": "input", "expr": expr}}),
    ));
    Ruleset { objects }
}

fn judged(from: &str, policy: &str, rules: &[Value]) -> Option<Fate> {
    let tables = ruleset(policy, rules).tables(&packet(from), |_| false);
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].place, "inet fw input");
    fate(&tables[0].chains, &tables[0].base)
}

fn matches(left: Value, op: &str, right: Value) -> Value {
    json!({"match": {"op": op, "left": left, "right": right}})
}

fn payload(protocol: &str, field: &str) -> Value {
    json!({"payload": {"protocol": protocol, "field": field}})
}

#[test]
fn a_rule_applies_to_the_check_or_not() {
    use Applies::*;
    let dport = || payload("tcp", "dport");
    let state = || json!({"ct": {"key": "state"}});
    let meta = |key: &str| json!({"meta": {"key": key}});
    for (statement, applies) in [
        (matches(dport(), "==", json!(2000)), Yes),
        (matches(dport(), "!=", json!(2000)), No),
        (
            matches(dport(), "==", json!({"set": [22, {"range": [1999, 2001]}]})),
            Yes,
        ),
        (matches(dport(), "==", json!({"range": [1, 1999]})), No),
        (matches(dport(), ">=", json!(1024)), Yes),
        (matches(payload("udp", "dport"), "==", json!(2000)), No),
        (matches(payload("tcp", "sport"), "==", json!(2000)), Maybe),
        (matches(payload("ip", "saddr"), "==", json!("@ok")), Yes),
        (matches(payload("ip", "saddr"), "==", json!("@lost")), Maybe),
        (matches(payload("ip", "saddr"), "==", json!("10.0.0.2")), No),
        (
            matches(
                payload("ip", "saddr"),
                "==",
                json!({"set": [
            {"elem": {"val": "10.0.0.1", "timeout": 5}}]}),
            ),
            Yes,
        ),
        (matches(payload("ip6", "saddr"), "!=", json!("::1")), No),
        (
            matches(
                payload("ip", "daddr"),
                "==",
                json!({"prefix": {"addr": "10.0.0.0", "len": 8}}),
            ),
            Yes,
        ),
        (matches(payload("ip", "protocol"), "==", json!("icmp")), No),
        (
            matches(
                payload("ip", "protocol"),
                "==",
                json!({"set": ["tcp", "udp"]}),
            ),
            Yes,
        ),
        (matches(meta("l4proto"), "==", json!(6)), Yes),
        (matches(meta("nfproto"), "==", json!("ipv6")), No),
        (matches(meta("iifname"), "==", json!("eth*")), Yes),
        (matches(meta("iif"), "==", json!("lo")), No),
        (matches(meta("mark"), "==", json!(7)), Maybe),
        (
            matches(state(), "in", json!(["established", "related"])),
            No,
        ),
        (matches(state(), "in", json!(["new", "established"])), Yes),
        (
            matches(
                json!({"fib": {"result": "type", "flags": ["daddr"]}}),
                "==",
                json!("local"),
            ),
            Yes,
        ),
        (
            matches(
                json!({"&": [payload("tcp", "flags"), ["syn", "ack"]]}),
                "==",
                json!("syn"),
            ),
            Yes,
        ),
        (json!({"limit": {"rate": 5, "per": "second"}}), Maybe),
        (json!({"counter": {"packets": 1, "bytes": 2}}), Yes),
    ] {
        let ruleset = ruleset("drop", &[json!([statement, {"accept": null}])]);
        let tables = ruleset.tables(&packet("10.0.0.1"), |_| false);
        let step = &tables[0].chains["input"][0];
        assert_eq!(
            (step.applies, &step.verdict),
            (applies, &Verdict::Accept),
            "{statement}"
        );
    }
}

#[test]
fn a_policy_a_jump_and_a_verdict_map_decide() {
    let policy = "nft chain inet fw input: policy drop";
    let dropped = Some(Fate::Dropped(policy.to_owned()));
    let map = |state: &str| {
        json!([{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [
            ["invalid", {"drop": null}], [state, {"accept": null}]]}}}])
    };
    let from = "10.0.0.1";
    assert_eq!(judged(from, "drop", &[map("established")]), dropped);
    assert_eq!(judged(from, "drop", &[map("new")]), None);
    assert_eq!(judged(from, "accept", &[map("established")]), None);
    let sub = json!([{"jump": {"target": "sub"}}]);
    assert_eq!(judged(from, "drop", &[sub]), Some(Fate::Seen));
    let friends = json!([matches(payload("ip", "saddr"), "==", json!("@ok")), {"accept": null}]);
    assert_eq!(judged(from, "drop", std::slice::from_ref(&friends)), None);
    assert_eq!(judged("10.9.9.9", "drop", &[friends]), dropped);
}

#[test]
fn what_is_not_for_this_packet_or_is_of_iptables_is_left_out() {
    let chain = |family: &str, table: &str, name: &str, hook: &str| {
        json!({"chain": {"family": family, "table": table, "name": name, "type": "filter",
            "hook": hook, "prio": 0, "policy": "drop"}})
    };
    let objects = vec![
        chain("ip", "filter", "INPUT", "input"),
        chain("ip6", "filter", "INPUT", "input"),
        chain("inet", "fw", "forward", "forward"),
        json!({"rule": {"family": "ip", "table": "filter", "chain": "INPUT",
            "expr": [{"xt": {"type": "match", "name": "conntrack"}}]}}),
    ];
    let ruleset = Ruleset { objects };
    assert!(ruleset.is_of_iptables("ip") && !ruleset.is_of_iptables("ip6"));
    let of = |skip: bool| ruleset.tables(&packet("10.0.0.1"), |_| skip).len();
    assert_eq!((of(false), of(true)), (1, 0));
}

#[test]
fn another_text_is_not_a_ruleset() {
    assert!(Ruleset::parse("").is_err());
    assert!(Ruleset::parse("{}").is_err());
    assert!(Ruleset::parse(r#"{"nftables": []}"#).is_ok());
}

/// A rule of each chain, the last of them `pre`: the base chain of a hook.
fn nat(hook: &str, rules: &[(&str, Value)]) -> Ruleset {
    let base = json!({"chain": {"family": "ip", "table": "mine", "name": "pre", "type": "nat",
        "hook": hook, "prio": -100, "policy": "accept"}});
    let map = json!({"map": {"family": "ip", "table": "mine", "name": "services", "elem": [
        [{"concat": ["10.96.0.1", "tcp", 2000]}, {"goto": {"target": "sub"}}],
        [{"concat": ["10.0.0.11", "tcp", 443]}, {"goto": {"target": "sub"}}]]}});
    let rule = |(handle, (chain, expr)): (usize, &(&str, Value))| {
        json!({"rule": {"family": "ip", "table": "mine", "chain": chain, "handle": handle,
            "expr": expr}})
    };
    let mut objects = vec![base, map];
    objects.extend(rules.iter().enumerate().map(rule));
    Ruleset { objects }
}

#[test]
fn native_redirects_of_the_port_are_found_by_the_way_to_them() {
    let to = || json!({"redirect": {"port": 1000}});
    let port = |port: u16| matches(payload("tcp", "dport"), "==", json!(port));
    let found = |ruleset: &Ruleset, packet: &Packet| -> Vec<(String, bool)> {
        let found = ruleset.redirects(packet).into_iter();
        found.map(|one| (one.removal(), one.surely)).collect()
    };
    let v4 = packet("10.0.0.1");
    let both = [
        ("pre", json!([port(2001), to()])),
        ("pre", json!([port(2000), to()])),
    ];
    let removal = "nft delete rule ip mine pre handle 1".to_owned();
    let surely = vec![(removal, true)];
    assert_eq!(found(&nat("prerouting", &both), &v4), surely);
    assert_eq!(found(&nat("output", &both), &v4), [], "not its hook");
    let local = Packet {
        interface: Some("lo".into()),
        ..v4.clone()
    };
    assert_eq!(found(&nat("output", &both), &local), surely);
    let v6 = Packet {
        to: "fd00::11".parse().ok(),
        from: None,
        ..v4.clone()
    };
    assert_eq!(found(&nat("prerouting", &both), &v6), []);
    let marked = matches(json!({"meta": {"key": "mark"}}), "==", json!(7));
    let perhaps = nat("prerouting", &[("pre", json!([marked, to()]))]);
    assert!(matches!(found(&perhaps, &v4)[..], [(_, false)]));
    let redirect = &perhaps.redirects(&v4)[0];
    assert_eq!(redirect.sight(), "nft -a list chain ip mine pre");
}

/// As kube-proxy has them (nftables mode, shortened), and maps of ports.
#[test]
fn rules_for_other_addresses_and_ports_lead_nothing_of_ours() {
    let v4 = packet("10.0.0.1");
    let lead = || {
        (
            "sub",
            json!([{"dnat": {"addr": "10.244.0.5", "port": 8080}}]),
        )
    };
    let parts = [payload("ip", "daddr"), json!({"meta": {"key": "l4proto"}})];
    let key = json!({"concat": [parts[0], parts[1], payload("th", "dport")]});
    let services = ("pre", json!([{"vmap": {"key": key, "data": "@services"}}]));
    let kube = nat("prerouting", &[services, lead()]);
    assert_eq!(kube.redirects(&v4), []);
    let service = Packet {
        to: "10.96.0.1".parse().ok(),
        ..v4.clone()
    };
    assert!(kube.redirects(&service)[0].surely);
    assert_eq!(
        nat("prerouting", &[lead()]).redirects(&v4),
        [],
        "no way to it"
    );
    let by_map = |port: u16| {
        let map = json!({"map": {"key": payload("tcp", "dport"),
            "data": {"set": [[port, "10.0.0.5"]]}}});
        nat("prerouting", &[("pre", json!([{"dnat": {"addr": map}}]))])
    };
    assert_eq!(by_map(8080).redirects(&v4), []);
    assert!(by_map(2000).redirects(&v4)[0].surely);
}
