//! Finds the rules that a gate replaces. Pure.

use super::Gate;
use super::ours::{CHAIN, Named, gate_named};
use super::rule::{Condition, Rule, Subject, Target};
use crate::haproxy::Role;

impl Gate {
    /// Whether opening or closing this gate replaces the rule: it is this gate's, as configured or
    /// not, or one that an earlier configuration has left in its place. That configuration may
    /// have had other ports, another name of the app, other targets, or a twin. A rule in the place
    /// of another app or target stays until an operation on that one: its users come through it.
    pub(super) fn owns(&self, rule: &Rule) -> bool {
        let Some(named) = named(rule) else {
            return false;
        };
        let is_of_another = || self.of_others.iter().any(|port| is_at(rule, *port));
        is_at(rule, self.status_port) || (self.is_named(&named, rule) && !is_of_another())
    }

    /// Whether the comment names this gate, or one that the app no longer has.
    fn is_named(&self, named: &Named, rule: &Rule) -> bool {
        let is_for_line = named.role == self.role || (self.alone && named.role == Role::Twin);
        let is_of_target = match (named.target, self.target.as_deref()) {
            (before, now) if before == now => true,
            // The app had no targets. Now each target has one of its ports.
            (None, _) => rule.target == Target::Redirect(self.to),
            (Some(before), _) => !self.other_targets.iter().any(|other| other == before),
        };
        named.app == self.app && is_for_line && is_of_target
    }
}

/// The gate that the rule is of, by its comment.
fn named(rule: &Rule) -> Option<Named<'_>> {
    let comment = rule.comment.as_deref();
    comment.filter(|_| rule.chain == CHAIN).and_then(gate_named)
}

/// Whether the main gate of an earlier configuration had this rule, for checks of another port.
pub(super) fn is_earlier(gate: &Gate, rule: &Rule) -> bool {
    let is_of_a_main = named(rule).is_some_and(|named| named.role == Role::Main);
    let is_main = gate.role == Role::Main && is_of_a_main;
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
mod tests;
