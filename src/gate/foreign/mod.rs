//! Finds rules that are not ours and may redirect a status port. The agent reports them, and
//! never touches them.
//!
//! A *certain* rule catches HAProxy's check in any case: it is for this port, reached from
//! PREROUTING, and nowhere on the way is a condition on source, destination, interface, owner,
//! mark or anything else. With a certain rule the gate can't be closed. Every other rule is only
//! *possible*: HAProxy itself shows whether a closed gate works.

mod iptables;
mod native;
mod walk;

pub use native::{Native, native};

use super::{Gate, HOOKS, Iptables, Listing};
use std::fmt;
use walk::Redirect;

/// A rule that redirects a status port, or may do so, and is not a gate's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The rule as iptables or nft prints it.
    pub rule: String,
    /// The command that removes a certain rule. None: the rule is only possible.
    pub removal: Option<String>,
}

impl Foreign {
    /// It catches the check in any case.
    pub fn is_certain(&self) -> bool {
        self.removal.is_some()
    }

    /// The rules behind one hook. OUTPUT redirects what leaves this host: a rule there counts
    /// only if it names the port, and is never certain.
    fn behind(hook: usize, found: Vec<Redirect>) -> impl Iterator<Item = Foreign> {
        let counts = move |one: &Redirect| hook == 0 || one.names_port;
        found.into_iter().filter(counts).map(move |one| Foreign {
            removal: (hook == 0 && one.is_certain).then_some(one.removal),
            rule: one.rule,
        })
    }
}

/// Each rule once. It is certain if it is certain behind one hook.
fn once(found: impl Iterator<Item = Foreign>) -> Vec<Foreign> {
    let mut all: Vec<Foreign> = Vec::new();
    for one in found {
        match all.iter_mut().find(|other| other.rule == one.rule) {
            Some(other) => other.removal = other.removal.take().or(one.removal),
            None => all.push(one),
        }
    }
    all
}

/// The foreign rules for the status port of `gate` in the listing of `iptables`. `in_use` is
/// false for the variant that the agent does not use itself. There even a rule in our chain with
/// our comment is foreign, because our calls do not reach it.
pub fn foreign(iptables: &Iptables, listing: &Listing, gate: &Gate, in_use: bool) -> Vec<Foreign> {
    let chains = iptables::chains(iptables, listing, gate, in_use);
    let hooks = HOOKS.iter().enumerate();
    let met = hooks.flat_map(|(hook, base)| Foreign::behind(hook, walk::redirects(&chains, base)));
    once(met.chain(Foreign::behind(0, walk::named(&chains))))
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.removal {
            Some(removal) => write!(f, "`{}`; remove it with: {removal}", self.rule),
            None => write!(f, "`{}`", self.rule),
        }
    }
}

#[cfg(test)]
mod tests;
