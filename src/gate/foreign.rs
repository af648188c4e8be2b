//! Rules that are not ours and lead a status port somewhere: with one of them in force
//! the gate can't be closed. They are reported, never touched.

use super::{Gate, Iptables, Listing, Rule};
use std::fmt;

/// A rule for a status port that no gate of ours explains, and how to remove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The rule as `iptables -S` prints it.
    pub rule: String,
    /// The command that removes it.
    pub removal: String,
}

/// The foreign rules for the status port of `gate` in the listing that `iptables` gave.
/// `in_use` is false for the variant the agent does not use itself: there even a rule in
/// our chain, with our comment, is foreign, since no flip of ours reaches it.
pub fn foreign(iptables: &Iptables, listing: &Listing, gate: &Gate, in_use: bool) -> Vec<Foreign> {
    let comment = gate.comment();
    let ours = |rule: &Rule| {
        in_use && rule.chain == super::CHAIN && rule.value("--comment") == Some(comment.as_str())
    };
    listing
        .rules()
        .filter(|rule| leads_elsewhere(rule) && takes(rule, gate.status_port) && !ours(rule))
        .map(|rule| Foreign {
            rule: rule.to_string(),
            removal: format!(
                "{} -t nat -D {} {}",
                iptables.program, rule.chain, rule.spec
            ),
        })
        .collect()
}

fn leads_elsewhere(rule: &Rule) -> bool {
    matches!(rule.value("-j"), Some("REDIRECT" | "DNAT"))
}

fn takes(rule: &Rule, port: u16) -> bool {
    if rule.value("-p").is_some_and(|protocol| protocol != "tcp") {
        return false;
    }
    rule.is_unconditional()
        || [rule.value("--dport"), rule.value("--dports")]
            .into_iter()
            .flatten()
            .flat_map(|ports| ports.split(','))
            .any(|range| in_range(range, port))
}

fn in_range(range: &str, port: u16) -> bool {
    let (low, high) = range.split_once(':').unwrap_or((range, range));
    match (low.parse::<u16>(), high.parse::<u16>()) {
        (Ok(low), Ok(high)) => (low..=high).contains(&port),
        _ => false,
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`; remove it with: {}", self.rule, self.removal)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Family;
    use super::*;
    use crate::haproxy::Role;

    fn found(rule: &str, in_use: bool) -> usize {
        let gate = Gate {
            app: "web".into(),
            role: Role::Main,
            status_port: 2000,
            port: 1000,
        };
        let chains = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N HAPROXY-GATE\n-N X\n";
        let text = format!("{chains}{rule}\n");
        let listing = Listing::parse(&text).unwrap();
        let iptables = Iptables::new("iptables", Family::V4);
        foreign(&iptables, &listing, &gate, in_use).len()
    }

    #[test]
    fn finds_redirects_of_the_port_by_number_range_and_list() {
        for ports in [
            "--dport 2000",
            "--dport 1999:2001",
            "--dports 80,2000",
            "--dports 1:9,2000:2000",
        ] {
            let rule = format!("-A PREROUTING -p tcp -m x {ports} -j REDIRECT --to-ports 1000");
            assert_eq!(found(&rule, true), 1, "{ports}");
        }
        assert_eq!(
            found(
                "-A X -p tcp --dport 2000 -j DNAT --to-destination 10.0.0.1",
                true
            ),
            1
        );
    }

    #[test]
    fn a_rule_without_any_condition_takes_every_port() {
        assert_eq!(
            found("-A OUTPUT -p tcp -j REDIRECT --to-ports 8080", true),
            1
        );
        assert_eq!(found("-A OUTPUT -j REDIRECT", true), 1);
        assert_eq!(
            found(
                "-A OUTPUT -d 10.9.9.9/32 -p tcp -j DNAT --to-destination 10.8.8.8",
                true
            ),
            0
        );
    }

    #[test]
    fn leaves_other_ports_and_harmless_targets_out() {
        for rule in [
            "-A PREROUTING -p tcp --dport 2001 -j REDIRECT --to-ports 1000",
            "-A PREROUTING -p tcp ! --dport 2000 -j REDIRECT --to-ports 1000",
            "-A PREROUTING -p tcp --dport 2000 -j RETURN",
            "-A PREROUTING -p udp -m udp --dport 2000 -j REDIRECT --to-ports 1000",
        ] {
            assert_eq!(found(rule, true), 0, "{rule}");
        }
    }

    #[test]
    fn our_rule_is_foreign_in_the_variant_not_in_use_or_under_another_name() {
        let rule = "-A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment \
            --comment \"haproxy-gate:web:main\" -j REDIRECT --to-ports 1000";
        assert_eq!(found(rule, true), 0);
        assert_eq!(found(rule, false), 1);
        assert_eq!(found(&rule.replace("web", "old"), true), 1);
    }
}
