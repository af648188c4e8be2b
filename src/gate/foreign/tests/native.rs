//! Native rules are judged as those of iptables.

use super::*;

fn listed(rules: &str) -> Native {
    let base = r#"{"table": {"family": "ip", "name": "t"}},
        {"chain": {"family": "ip", "table": "t", "name": "pre", "type": "nat", "hook": "prerouting", "prio": -100}},
        {"chain": {"family": "ip", "table": "t", "name": "out", "type": "nat", "hook": "output", "prio": -100}},
        {"chain": {"family": "ip", "table": "t", "name": "sub"}}"#;
    let json = format!("{{\"nftables\": [{base}{rules}]}}");
    let text = "table ip t { # handle 1\n\tchain pre { # handle 2\n\t\ttcp dport 2000 redirect to :1000 # handle 4\n\t}\n}\n";
    Native::parse(&json).unwrap().with_texts(text)
}

fn natives(rules: &str) -> Vec<String> {
    let rules = listed(rules);
    let none = Checked::default();
    let all = rules
        .tables()
        .flat_map(|table| native(table, &gate(), &none));
    let said = |one: &Foreign| format!("{}{}", if one.is_certain() { "!" } else { "?" }, one.rule);
    all.map(|one| said(&one)).collect()
}

fn rule(chain: &str, expr: &str) -> String {
    format!(
        r#", {{"rule": {{"family": "ip", "table": "t", "chain": "{chain}", "handle": 4, "expr": [{expr}]}}}}"#
    )
}

fn dport(op: &str, right: &str) -> String {
    format!(
        r#"{{"match": {{"op": "{op}", "left": {{"payload": {{"protocol": "tcp", "field": "dport"}}}}, "right": {right}}}}}"#
    )
}

const REDIRECT: &str = r#", {"redirect": {"port": 1000}}"#;

const TO_US: &str = r#"{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}, "#;
const NEW: &str =
    r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["related", "new"]}}, "#;

#[test]
fn native_rules_are_judged_alike() {
    let iif = r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, "#;
    let tcp = r#"{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}, {"counter": {}}, "#;
    for (op, right, before, sure) in [
        ("==", "2000", "", "!"),
        ("==", "2000", tcp, "!"),
        ("==", "2000", iif, "?"),
        ("==", "80", "", ""),
        ("==", r#"{"set": [80, {"range": [1999, 2001]}]}"#, "", "!"),
        ("==", r#"{"set": [80, 443]}"#, "", ""),
        ("!=", r#"{"set": [22, 1000]}"#, "", "!"),
        ("==", "\"@ports\"", "", "?"),
        (">", "2000", "", ""),
        (">=", "2000", "", "!"),
        ("<", "2000", "", ""),
        ("<=", "2000", "", "!"),
        (">=", "1024", "", "!"),
        ("<", "1024", "", ""),
        ("in", "2000", "", "?"),
        ("==", "2000", TO_US, "!"),
        ("==", "2000", &TO_US.replace("daddr", "saddr"), "?"),
        (
            "==",
            "2000",
            &TO_US.replace("\"daddr\"", "\"daddr\", \"iif\""),
            "?",
        ),
        ("==", "2000", NEW, "!"),
        ("==", "2000", &NEW.replace("new", "established"), ""),
    ] {
        let one = natives(&rule(
            "pre",
            &format!("{before}{}{REDIRECT}", dport(op, right)),
        ));
        let expected = match sure {
            "" => Vec::new(),
            sure => vec![format!(
                "{sure}nft rule ip t pre handle 4: tcp dport 2000 redirect to :1000"
            )],
        };
        assert_eq!(one, expected, "{op} {right} {before}");
    }
    let named = format!("{}{REDIRECT}", dport("==", "2000"));
    assert_eq!(
        natives(&rule("out", &named)),
        ["?nft rule ip t out handle 4"]
    );
    // No rule calls it.
    assert_eq!(natives(&rule("sub", &named)), <Vec<String>>::new());
    let jump = rule("pre", r#"{"jump": {"target": "sub"}}"#);
    assert_eq!(natives(&(jump + &rule("sub", &named)))[0][..1], *"!");
}

#[test]
fn native_maps_are_looked_up_by_their_keys() {
    let key = r#""key": {"payload": {"protocol": "tcp", "field": "dport"}}"#;
    let dnat = |data: &str| {
        natives(&rule(
            "pre",
            &format!(r#"{{"dnat": {{"addr": {{"map": {{{key}, "data": {data}}}}}}}}}"#),
        ))
        .first()
        .map_or(String::new(), |one| one[..1].to_owned())
    };
    assert_eq!(dnat(r#"{"set": [[8080, "10.0.0.2"]]}"#), "");
    assert_eq!(dnat(r#"{"set": [[2000, "10.0.0.2"]]}"#), "!");
    assert_eq!(dnat("\"@fwds\""), "?");
    let verdicts = |data: &str| {
        let map = format!(r#"{{"vmap": {{{key}, "data": {data}}}}}"#);
        let after = rule("pre", &format!("{}{REDIRECT}", dport("==", "2000")));
        natives(&(rule("pre", &map) + &after))[0][..1].to_owned()
    };
    for (data, sure) in [
        (r#"{"set": [[2000, {"accept": null}]]}"#, "?"),
        (r#"{"set": [[80, {"accept": null}]]}"#, "!"),
        ("\"@verdicts\"", "?"),
    ] {
        assert_eq!(verdicts(data), sure, "{data}");
    }
    assert!(Native::parse("[]").is_err() && Native::parse("nft: no").is_err());
}

/// A map with a name may have other elements in a moment.
#[test]
fn a_chain_that_a_named_map_jumps_to_is_possible() {
    let with = |key: u16| {
        let map = format!(
            r#", {{"map": {{"family": "ip", "table": "t", "name": "v", "elem": [[{key}, {{"jump": {{"target": "sub"}}}}]]}}}}"#
        );
        let of_port = r#""key": {"payload": {"protocol": "tcp", "field": "dport"}}"#;
        let jump = rule(
            "pre",
            &format!(r#"{{"vmap": {{{of_port}, "data": "@v"}}}}"#),
        );
        natives(&(map + &jump + &rule("sub", &REDIRECT[2..])))
    };
    assert_eq!(with(2000), ["?nft rule ip t sub handle 4"]);
    assert_eq!(with(80), [""; 0]);
}

#[test]
fn a_native_translation_to_an_address_is_of_its_family() {
    let inet = |to: &str, at: &str| {
        let dnat = format!(
            r#"{}, {{"dnat": {{"addr": "{to}", "port": 80}}}}"#,
            dport("==", "2000")
        );
        let mut rules = listed(&rule("pre", &dnat));
        let checked = Checked(vec![at.parse().unwrap()]);
        rules
            .tables
            .iter_mut()
            .for_each(|table| table.family = "inet".to_owned());
        let all = rules
            .tables()
            .flat_map(|table| native(table, &gate(), &checked));
        all.map(|one| one.is_certain()).collect::<Vec<_>>()
    };
    assert_eq!(inet("10.0.0.12", "10.0.0.11"), [true]);
    assert_eq!(inet("fd00::12", "10.0.0.11"), [false]);
    assert_eq!(inet("fd00::12", "fd00::11"), [true]);
}

#[test]
fn a_native_redirect_to_the_same_port_is_not_certain() {
    let of = |redirect: &str| {
        let all = natives(&rule(
            "pre",
            &format!("{}, {redirect}", dport("==", "2000")),
        ));
        all[0][..1].to_owned()
    };
    assert_eq!(of(r#"{"redirect": null}"#), "?");
    assert_eq!(
        of(r#"{"redirect": {"port": {"range": [1999, 2001]}}}"#),
        "?"
    );
    assert_eq!(of(r#"{"redirect": {"port": 2000}}"#), "?");
    assert_eq!(
        of(r#"{"redirect": {"port": {"range": [2001, 2002]}}}"#),
        "!"
    );
    assert_eq!(of(r#"{"redirect": {"flags": "random"}}"#), "!");
    assert_eq!(of(r#"{"dnat": {"addr": "10.0.0.12", "port": 2000}}"#), "!");
}

/// Its counters are no part of a rule: another fingerprint would forget what the last close has shown.
#[test]
fn what_is_around_natively_is_the_same_until_a_rule_is_another() {
    let around = |rules: &str| {
        let listed = listed(rules);
        let tables = listed.tables();
        tables
            .flat_map(|table| native_around(table, &gate()))
            .collect::<Vec<_>>()
    };
    let counted = |packets: u32, port: &str| {
        let counter = format!(r#"{{"counter": {{"packets": {packets}, "bytes": 0}}}}, "#);
        around(&rule(
            "pre",
            &format!("{counter}{}{REDIRECT}", dport("==", port)),
        ))
    };
    assert_eq!(counted(1, "2000").len(), 1);
    assert_eq!(counted(1, "2000"), counted(2, "2000"));
    assert_ne!(counted(1, "2000"), counted(1, r#"{"set": [80, 2000]}"#));
    assert_eq!(
        around(&rule("pre", &format!("{}{REDIRECT}", dport("==", "80")))),
        [""; 0]
    );
}
