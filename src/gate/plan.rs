//! The kernel's rules and the wanted ones -> the iptables calls between the two. Pure.

use std::borrow::Cow;

use super::{CHAIN, Gate, HOOKS, JUMP, KEEPER, Listing, Position, Rule};

/// The position of `gate` in this listing.
pub fn position(listing: &Listing, gate: &Gate) -> Position {
    let rules: Vec<&Rule> = of_gate(listing, gate).collect();
    let Some(first) = rules.first() else {
        return Position::Closed;
    };
    if let Some(stale) = rules.iter().find(|rule| !rule.says(&gate.rule())) {
        return Position::Broken(format!("not as configured: {stale}"));
    }
    match HOOKS
        .iter()
        .find(|hook| listing.jumps(hook).next().is_none())
    {
        Some(hook) => Position::Broken(format!("no jump from {hook} to {}", first.chain)),
        None if rules.len() > 1 => Position::Broken(format!("{} times the same rule", rules.len())),
        None if missing_keeper(listing).is_some() => {
            Position::Broken("without the rule that keeps connections tracked".to_owned())
        }
        None => Position::Open,
    }
}

/// The iptables calls that open (or close) `gate`, in order. None if it is already open (or
/// closed). The rule itself is the last thing added and the only thing deleted, so that a gate
/// flips in one step.
pub fn plan(listing: &Listing, gate: &Gate, open: bool) -> Vec<String> {
    match open {
        true => plan_open(listing, gate),
        false => plan_close(listing, gate),
    }
}

/// The same for several gates, each from the listing as the calls for the earlier ones leave it.
pub fn plan_all(listing: &Listing, wanted: &[(&Gate, bool)]) -> Vec<String> {
    let mut listing = Cow::Borrowed(listing);
    let mut all = Vec::new();
    for (gate, open) in wanted {
        let calls = plan(&listing, gate, *open);
        // Copies nothing if there is nothing to do, because every look asks for this.
        calls.iter().for_each(|call| listing.to_mut().apply(call));
        all.extend(calls);
    }
    all
}

fn plan_close(listing: &Listing, gate: &Gate) -> Vec<String> {
    let deletes: Vec<String> = of_gate(listing, gate).map(delete).collect();
    let keeper = missing_keeper(listing).filter(|_| !deletes.is_empty());
    keeper.into_iter().chain(deletes).collect()
}

fn missing_keeper(listing: &Listing) -> Option<String> {
    let is_there = listing.ours().any(|rule| rule.says(KEEPER));
    (!is_there).then(|| format!("-A {CHAIN} {KEEPER}"))
}

fn plan_open(listing: &Listing, gate: &Gate) -> Vec<String> {
    let mut calls = Vec::new();
    if !listing.has_chain(CHAIN) {
        calls.push(format!("-N {CHAIN}"));
    }
    calls.extend(missing_keeper(listing));
    for hook in HOOKS {
        let jumps: Vec<&Rule> = listing.jumps(hook).collect();
        match jumps.as_slice() {
            // Ahead of all other rules, so that none of them takes the check away.
            [] => calls.push(format!("-I {hook} 1 {JUMP}")),
            [_, extra @ ..] => calls.extend(extra.iter().copied().map(delete)),
        }
    }
    let (exact, stale): (Vec<&Rule>, Vec<&Rule>) =
        of_gate(listing, gate).partition(|rule| rule.says(&gate.rule()));
    match exact.as_slice() {
        [] => calls.push(format!("-A {CHAIN} {}", gate.rule())),
        [_, extra @ ..] => calls.extend(extra.iter().copied().map(delete)),
    }
    calls.extend(stale.into_iter().map(delete));
    calls
}

/// The rules that carry this gate's comment, as configured or not.
fn of_gate<'a>(listing: &'a Listing, gate: &Gate) -> impl Iterator<Item = &'a Rule> {
    let comment = gate.comment();
    listing
        .ours()
        .filter(move |rule| rule.value("--comment") == Some(comment.as_str()))
}

fn delete(rule: &Rule) -> String {
    format!("-D {} {}", rule.chain, rule.spec)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn the_first_opening_adds_the_rule_last() {
        let calls = plan(&listing(&[BARE]), &gate(), true);
        assert_eq!(calls[0], "-N HAPROXY-GATE");
        assert_eq!(calls[1], format!("-A HAPROXY-GATE {KEEPER}"));
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
        let calls = plan(&listing(&[&bare, RULE]), &gate(), false);
        assert_eq!(calls[0], format!("-A HAPROXY-GATE {KEEPER}"));
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
        let calls = plan(&old, &gate(), true);
        assert!(calls[0].starts_with("-A ") && calls[1].starts_with("-D "));
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
        let calls = plan_all(&listing(&[BARE]), &[(&main, true), (&twin, true)]);
        assert_eq!(calls[..5], plan(&listing(&[BARE]), &main, true));
        assert_eq!(calls[5..], [format!("-A HAPROXY-GATE {}", twin.rule())]);
    }

    /// From any of these tables to any positions of two gates: one pass is enough.
    #[test]
    fn after_its_calls_nothing_is_left_to_do() {
        let (main, twin) = (gate(), twin());
        let stale = RULE.replace("1000", "1009");
        let other = RULE.replace("2000", "3000").replace(":main", ":backup");
        let jumpless = READY.replace("-A OUTPUT", "-A POSTROUTING");
        let rules: [&[&str]; 6] = [
            &[],
            &[RULE],
            &[RULE, RULE],
            &[&stale, &other],
            &[&other],
            &[&stale, RULE],
        ];
        for (base, rules) in [BARE, READY, &jumpless]
            .iter()
            .flat_map(|base| rules.map(|rules| (base, rules)))
        {
            if *base == BARE && !rules.is_empty() {
                continue;
            }
            let before = listing(&[&["-P POSTROUTING ACCEPT\n", base], rules].concat());
            for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
                let wanted = [(&main, first), (&twin, second)];
                let mut after = before.clone();
                plan_all(&before, &wanted)
                    .iter()
                    .for_each(|call| after.apply(call));
                assert_eq!(
                    plan_all(&after, &wanted),
                    [""; 0],
                    "{base}{rules:?} {wanted:?}"
                );
                let expected = |open| {
                    if open {
                        Position::Open
                    } else {
                        Position::Closed
                    }
                };
                assert_eq!(position(&after, &main), expected(first));
                assert_eq!(position(&after, &twin), expected(second));
            }
        }
    }

    #[test]
    fn another_apps_rule_is_left_alone() {
        let other = RULE.replace("web", "api");
        let both = listing(&[READY, RULE, &other]);
        assert_eq!(plan(&both, &gate(), false).len(), 1);
        assert_eq!(position(&both, &gate()), Position::Open);
    }
}
