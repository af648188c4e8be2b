//! Whether HAProxy's check meets a rule. Pure.

use crate::gate::rule::{Condition, Ports, Rule, Subject};

/// Whether a rule matches the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matches {
    No,
    /// It has a condition whose answer is not known.
    Maybe,
    Yes,
}

impl From<bool> for Matches {
    fn from(matches: bool) -> Matches {
        if matches { Matches::Yes } else { Matches::No }
    }
}

/// The check is the first packet of a TCP connection to this port, at an address of this host.
pub(super) fn meets(rule: &Rule, port: u16) -> Matches {
    let each = rule.conditions.iter().map(|one| one.matches(port));
    each.min().unwrap_or(Matches::Yes)
}

/// Whether the rule has a condition on the port.
pub(super) fn names_port(rule: &Rule) -> bool {
    let mut subjects = rule.conditions.iter().map(|one| &one.subject);
    subjects.any(|subject| matches!(subject, Subject::Port(_)))
}

impl Condition {
    fn matches(&self, port: u16) -> Matches {
        let lists = |words: &[String], these: &[&str]| {
            let mut words = words.iter();
            words.any(|word| these.contains(&word.as_str())).into()
        };
        let matches = match &self.subject {
            Subject::Protocol(names) => lists(names, &["tcp", "6", "all"]),
            Subject::Port(ports) => ports.matches(port),
            Subject::State(states) => lists(states, &["new"]),
            Subject::DestinationType(kinds) => lists(kinds, &["local"]),
            Subject::OpensConnection => Matches::Yes,
            Subject::Other(_) => Matches::Maybe,
        };
        match (matches, self.is_negated) {
            (Matches::No, true) => Matches::Yes,
            (Matches::Yes, true) => Matches::No,
            (matches, _) => matches,
        }
    }
}

impl Ports {
    fn matches(&self, port: u16) -> Matches {
        match self.known.iter().any(|range| range.contains(&port)) {
            false if self.may_be_others => Matches::Maybe,
            known => known.into(),
        }
    }
}
