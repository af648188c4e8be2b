//! Finds the rules that a gate replaces. Pure.

use super::Gate;
use super::ours::{CHAIN, comment, is_a_gates};
use super::rule::{Condition, Rule, Subject, Target};
use crate::haproxy::Role;

impl Gate {
    /// Whether opening or closing this gate replaces the rule: it is this gate's, as configured or
    /// not, or one that an earlier configuration has left in its place. That configuration may
    /// have had other ports, another name of the app, or a twin. A rule in the place of another app
    /// stays until an operation on that app: its users come through it.
    pub(super) fn owns(&self, rule: &Rule) -> bool {
        let named = rule.comment.as_deref().filter(|_| rule.chain == CHAIN);
        let twin = || comment(&self.app, self.target.as_deref(), Role::Twin);
        let is_of_app = |named: &str| named == self.comment() || (self.alone && named == twin());
        named.is_some_and(|named| match is_at(rule, self.status_port) {
            true => is_a_gates(named),
            false => is_of_app(named) && !self.of_others.iter().any(|port| is_at(rule, *port)),
        })
    }
}

/// Whether the main gate of an earlier configuration had this rule, for checks of another port.
pub(super) fn is_earlier(gate: &Gate, rule: &Rule) -> bool {
    let is_its_own = rule.comment.as_ref() == Some(&gate.comment());
    let is_main = gate.role == Role::Main && is_its_own;
    is_main && is_of_a_gate(rule) && gate.owns(rule) && !is_at(rule, gate.status_port)
}

/// Whether the rule asks for this port.
pub(super) fn is_at(rule: &Rule, port: u16) -> bool {
    rule.conditions
        .contains(&Condition::from(Subject::Port(port.into())))
}

/// Whether a gate of ours had this rule: the check of one port, and no other condition.
pub(super) fn is_of_a_gate(rule: &Rule) -> bool {
    let port = |one: &Condition| matches!(one.subject, Subject::Port(_)) && !one.is_negated;
    matches!(rule.target, Target::Redirect(_))
        && rule.conditions.len() == 2
        && rule.conditions.iter().any(port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Change, Listing, Position, plan_all, position};

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
}
