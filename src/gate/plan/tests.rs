use super::*;
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

/// From any of these tables to any positions of two gates: one pass is enough, in the kernel's text as
/// in ours. On the way no gate that stays open is shut, none closes without the keeper, and the rules
/// of others stay.
#[test]
fn after_its_calls_nothing_is_left_to_do() {
    let (main, twin) = (gate(), twin());
    for before in tables() {
        for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
            let wanted = [(&main, first), (&twin, second)];
            let mut after = before.clone();
            for change in plan_all(&before, &wanted) {
                assert!(
                    !matches!(&change, Change::Delete(_)) || missing_keeper(&after).is_none(),
                    "{change} without the keeper"
                );
                after.apply(&change);
                for (gate, open) in wanted {
                    let stays = open && of_gate(&before, gate).next().is_some();
                    assert!(!stays || of_gate(&after, gate).next().is_some(), "{change}");
                }
            }
            assert_eq!(plan_all(&after, &wanted), [], "{before:?} {wanted:?}");
            for (gate, open) in wanted {
                let expected = if open {
                    Position::Open
                } else {
                    Position::Closed
                };
                assert_eq!(position(&after, gate), expected, "{before:?}");
            }
            assert_eq!(others(&after), others(&before));
            let chains = after.chains().map(|chain| format!("-N {chain}\n"));
            let rules = after.rules().map(|one| format!("{one}\n"));
            let text: String = chains.chain(rules).collect();
            assert_eq!(Listing::parse(&text), Ok(after));
        }
    }
}

/// After a removal nothing is ours, and the rules of others stay.
#[test]
fn after_a_removal_nothing_is_ours() {
    for before in tables() {
        let mut after = before.clone();
        removal(&before).iter().for_each(|one| after.apply(one));
        assert_eq!(removal(&after), []);
        assert!(!after.has_chain(CHAIN) && after.ours().next().is_none());
        let kept = |one: &&Listed| one.rule.chain != CHAIN && !one.rule.leads_to(CHAIN);
        let before: Vec<&Listed> = before.rules().filter(kept).collect();
        assert_eq!(after.rules().collect::<Vec<_>>(), before);
    }
}

/// Each base with each set of rules, and rules of others.
fn tables() -> Vec<Listing> {
    const OTHERS: &str = "-A PREROUTING -p tcp -m comment --comment \"a: \\\"b\\\"\" -j RETURN\n";
    let stale = RULE.replace("1000", "1009");
    let random = RULE.replace("1000", "1000 --random");
    let narrow = RULE.replace("-p tcp -m tcp", "! -s 10.0.0.0/8 -p tcp -m tcp");
    let other = RULE.replace("2000", "3000").replace(":main", ":backup");
    let api = RULE.replace("web", "api");
    let jumpless = READY.replace("-A OUTPUT", "-A POSTROUTING");
    let bare_chain = "-N HAPROXY-GATE\n";
    let rules: [&[&str]; 8] = [
        &[],
        &[RULE],
        &[RULE, RULE],
        &[&stale, &other],
        &[&other, &api],
        &[&stale, RULE],
        &[&random, &narrow],
        &[&random, RULE, &narrow, &other, &other],
    ];
    let base = [&format!("{BARE}{bare_chain}"), READY, &jumpless];
    let with_rules = base.iter().flat_map(|base| {
        let common = ["-P POSTROUTING ACCEPT\n", base, OTHERS];
        rules.map(|rules| listing(&[&common, rules].concat()))
    });
    with_rules.chain([listing(&[BARE, OTHERS])]).collect()
}

/// What is neither a jump of ours nor the keeper nor a rule of these two gates.
fn others(listing: &Listing) -> Vec<&Listed> {
    let jumps = HOOKS.map(jump);
    let comments = [gate(), twin()].map(|gate| Some(gate.comment()));
    let is_ours = |one: &Listed| {
        let of_gates = one.rule.chain == CHAIN && comments.contains(&one.rule.comment);
        of_gates || jumps.contains(&one.rule) || one.rule == keeper()
    };
    listing.rules().filter(|one| !is_ours(one)).collect()
}

#[test]
fn another_apps_rule_is_left_alone() {
    let other = RULE.replace("web", "api");
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
