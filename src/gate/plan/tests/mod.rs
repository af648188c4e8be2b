mod tables;

use super::*;
use crate::gate::keeper;
use crate::haproxy::Role;

const BARE: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
const READY: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N HAPROXY-GATE\n\
    -A HAPROXY-GATE -m conntrack --ctstate INVALID -m comment --comment \
    \"haproxy-gate:keep-tracking\" -j RETURN\n\
    -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
    -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n";
const RULE: &str = "-A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment \
    --comment \"haproxy-gate:web:main\" -j REDIRECT --to-ports 1000\n";

fn gate() -> Gate {
    Gate::of_web(Role::Main)
}

fn twin() -> Gate {
    Gate::of_web(Role::Twin)
}

fn listing(parts: &[&str]) -> Listing {
    Listing::parse(&parts.concat()).unwrap()
}

fn calls(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::to_string).collect()
}

#[test]
fn the_first_opening_adds_the_rule_last() {
    let calls = calls(&plan(&listing(&[BARE]), &gate(), true));
    assert_eq!(calls[0], "-N HAPROXY-GATE");
    assert_eq!(calls[1], format!("-A HAPROXY-GATE {}", keeper()));
    assert!(calls[2].starts_with("-I PREROUTING 1 "));
    assert!(calls[3].starts_with("-I OUTPUT 1 "));
    assert_eq!(calls[4], format!("-A HAPROXY-GATE {}", gate().rule()));
    assert_eq!(calls.len(), 5);
}

#[test]
fn the_last_gate_closes_only_beside_the_keeper() {
    let bare: String = READY
        .lines()
        .filter(|l| !l.contains("keep-tracking"))
        .flat_map(|l| [l, "\n"])
        .collect();
    let calls = calls(&plan(&listing(&[&bare, RULE]), &gate(), false));
    assert_eq!(calls[0], format!("-A HAPROXY-GATE {}", keeper()));
    assert!(calls[1].starts_with("-D HAPROXY-GATE "));
    assert_eq!(calls.len(), 2);
}

#[test]
fn a_flip_is_one_call_and_a_second_flip_none() {
    let (open, closed) = (listing(&[READY, RULE]), listing(&[READY]));
    assert_eq!(plan(&open, &gate(), false).len(), 1);
    assert_eq!(plan(&closed, &gate(), true).len(), 1);
    assert!(plan(&open, &gate(), true).is_empty());
    assert!(plan(&closed, &gate(), false).is_empty());
    assert!(plan(&listing(&[BARE]), &gate(), false).is_empty());
}

#[test]
fn duplicates_are_all_closed_and_opening_leaves_one() {
    let twice = listing(&[READY, RULE, RULE]);
    assert!(matches!(position(&twice, &gate()), Position::Broken(_)));
    assert_eq!(plan(&twice, &gate(), false).len(), 2);
    assert_eq!(plan(&twice, &gate(), true).len(), 1);
}

#[test]
fn a_rule_to_another_port_is_replaced_new_rule_first() {
    let stale = RULE.replace("1000", "1009");
    let old = listing(&[READY, &stale]);
    assert!(matches!(position(&old, &gate()), Position::Broken(_)));
    let changes = plan(&old, &gate(), true);
    assert!(matches!(
        changes[..],
        [Change::Append(_), Change::Delete(_)]
    ));
    assert_eq!(plan(&old, &gate(), false).len(), 1);
}

#[test]
fn without_a_jump_the_gate_is_broken_and_opening_fixes_it() {
    let text = READY.replace("-A OUTPUT", "-A POSTROUTING") + "-P POSTROUTING ACCEPT\n";
    let broken = listing(&[&text, RULE]);
    assert!(matches!(position(&broken, &gate()), Position::Broken(_)));
    assert_eq!(plan(&broken, &gate(), true).len(), 1);
}

#[test]
fn what_two_gates_share_is_made_once() {
    let (main, twin) = (gate(), twin());
    let changes = plan_all(&listing(&[BARE]), &[(&main, true), (&twin, true)]);
    assert_eq!(changes[..5], plan(&listing(&[BARE]), &main, true));
    assert_eq!(changes[5..], [Change::Append(twin.rule())]);
}

#[test]
fn another_apps_rule_is_left_alone() {
    let other = RULE.replace("web", "api").replace("2000", "2001");
    let both = listing(&[READY, RULE, &other]);
    assert_eq!(plan(&both, &gate(), false).len(), 1);
    assert_eq!(position(&both, &gate()), Position::Open);
}

fn removed(rules: &str) -> Vec<String> {
    calls(&removal(&listing(&[BARE, rules])))
}

#[test]
fn nothing_of_ours_needs_no_call() {
    assert!(removed("").is_empty());
    assert!(removed("-N HAPROXY-GATE-2\n-A OUTPUT -j HAPROXY-GATE-2\n").is_empty());
    let named = "-A OUTPUT -m comment --comment HAPROXY-GATE -j RETURN\n";
    assert!(removed(named).is_empty());
    let text = "-A OUTPUT -m comment --comment \"-j HAPROXY-GATE\"\n";
    assert!(removed(text).is_empty(), "a comment is no jump");
}

#[test]
fn every_jump_goes_before_the_chain() {
    let calls = removed(
        "-N HAPROXY-GATE\n-N X\n\
        -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
        -A PREROUTING -p tcp -j X\n\
        -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
        -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
        -A X -p tcp -m comment --comment \"by: hand\" -g HAPROXY-GATE\n\
        -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000\n",
    );
    let jump = "-m addrtype --dst-type LOCAL -j HAPROXY-GATE";
    assert_eq!(
        calls,
        [
            format!("-D PREROUTING {jump}"),
            format!("-D OUTPUT {jump}"),
            format!("-D OUTPUT {jump}"),
            "-D X -p tcp -m comment --comment \"by: hand\" -g HAPROXY-GATE".to_owned(),
            "-F HAPROXY-GATE".to_owned(),
            "-X HAPROXY-GATE".to_owned(),
        ]
    );
}

#[test]
fn a_chain_without_jumps_goes_too() {
    assert_eq!(
        removed("-N HAPROXY-GATE\n"),
        ["-F HAPROXY-GATE", "-X HAPROXY-GATE"]
    );
}
