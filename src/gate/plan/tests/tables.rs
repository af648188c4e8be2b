//! From any table to any positions.

use super::*;

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
                    !matches!(&change, Change::Delete(_))
                        || missing_keeper(&after, CHAIN).is_none(),
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
    let api = RULE.replace("web", "api").replace("2000", "2001");
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
