//! Finds rules that are not ours and may redirect a status port. The agent reports them, and
//! never touches them.
//!
//! A *certain* rule catches HAProxy's check in any case: it is for this port, reached from
//! PREROUTING, and nowhere on the way is a condition on source, destination, interface, owner,
//! mark or anything else. It redirects elsewhere, in an address family that HAProxy's checks come
//! by. With a certain rule the gate can't be closed. Every other rule is only *possible*: HAProxy
//! itself shows whether a closed gate works.

mod checked;
mod meets;
mod stays;
mod walk;

use super::Gate;
use super::iptables::Iptables;
use super::listing::Listing;
use super::nft::NativeTable;
use super::ours::{CHAIN, PARK_CHAIN};
use super::rule::{Change, Destination, Hook, Rule, Target};
use std::fmt;
use std::net::SocketAddr;
use walk::{Chains, Redirect};

pub use checked::Checked;

/// The base chains of iptables that may redirect a check.
const BASES: [(Hook, &str); 2] = [(Hook::Prerouting, "PREROUTING"), (Hook::Output, "OUTPUT")];

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
}

/// The foreign rules for the status port of `gate` in the listing of `iptables`. `in_use` is
/// false for the variant that the agent does not use itself. There even a rule in our chain with
/// our comment is foreign, because our calls do not reach it.
pub fn foreign(
    iptables: &Iptables,
    listing: &Listing,
    gate: &Gate,
    in_use: bool,
    checked: &Checked,
) -> Vec<Foreign> {
    let is_ours = |rule: &Rule| in_use && gate.owns(rule);
    let asked = Asked::new(gate, &is_ours);
    foreign_at(iptables, listing, &asked, checked)
}

/// The native rules of this table for the status port of `gate`.
pub(super) fn native(table: &NativeTable, gate: &Gate, checked: &Checked) -> Vec<Foreign> {
    native_at(table, &Asked::new(gate, &|_| false), checked)
}

/// The port that rules may redirect.
pub(super) struct Asked<'a> {
    pub(super) port: u16,
    /// The rules that the agent changes itself.
    pub(super) is_ours: &'a dyn Fn(&Rule) -> bool,
    /// The redirects to report.
    pub(super) counts: &'a dyn Fn(&Rule) -> bool,
}

impl<'a> Asked<'a> {
    /// For the check of `gate`, which no other rule may redirect.
    fn new(gate: &Gate, is_ours: &'a dyn Fn(&Rule) -> bool) -> Asked<'a> {
        Asked {
            port: gate.status_port,
            is_ours,
            counts: &|_| true,
        }
    }
}

/// The foreign rules for a port in the listing of `iptables`.
pub(super) fn foreign_at(
    iptables: &Iptables,
    listing: &Listing,
    asked: &Asked,
    checked: &Checked,
) -> Vec<Foreign> {
    let chains = Chains::new(listing, asked.port, asked.is_ours).at(checked);
    let is_met = checked.by(iptables.family);
    let foreign = |one: Redirect| Foreign {
        rule: one.listed.to_string(),
        removal: (one.is_certain && is_met)
            .then(|| iptables.line(&Change::Delete(one.listed.clone()))),
    };
    let found = redirects(&chains, &BASES).filter(|one| (asked.counts)(&one.listed.rule));
    once(found.map(foreign))
}

/// The native rules of this table for a port.
pub(super) fn native_at(table: &NativeTable, asked: &Asked, checked: &Checked) -> Vec<Foreign> {
    let chains = of_nft(table, asked.port).at(checked);
    let bases: Vec<(Hook, &str)> = table.bases().collect();
    let foreign = |one: Redirect| Foreign {
        rule: table.text(one.listed),
        removal: (one.is_certain && table.is_in_force && checked.by_rule(table, one.listed))
            .then(|| table.removal(one.listed)),
    };
    let found = redirects(&chains, &bases).filter(|one| (asked.counts)(&one.listed.rule));
    once(found.map(foreign))
}

/// Every rule that may decide what becomes of the check of `gate`, and is not ours: with another
/// one a rule that is only possible may catch what it did not catch before.
pub(super) fn around(
    iptables: &Iptables,
    listing: &Listing,
    gate: &Gate,
    in_use: bool,
) -> Vec<String> {
    let chains = of_iptables(listing, gate, in_use);
    let rules = chains.met().filter(|one| !is_our_jump(&one.rule));
    let program = iptables.program;
    rules.map(|one| format!("{program} {one}")).collect()
}

/// The same of native rules, without their counters.
pub(super) fn native_around(table: &NativeTable, gate: &Gate) -> Vec<String> {
    let chains = of_nft(table, gate.status_port);
    let rules = chains.met();
    rules
        .map(|one| format!("{} {:?}", table.place(one), one.rule))
        .collect()
}

/// The addresses that rules of iptables redirect `port` to, if a rule on the way names the port.
pub(super) fn destinations(listing: &Listing, port: u16) -> Vec<SocketAddr> {
    addresses(listing, &BASES, port)
}

/// The same of native rules.
pub(super) fn native_destinations(table: &NativeTable, port: u16) -> Vec<SocketAddr> {
    addresses(&table.listing, &table.bases().collect::<Vec<_>>(), port)
}

fn addresses(listing: &Listing, bases: &[(Hook, &str)], port: u16) -> Vec<SocketAddr> {
    // A parked port goes to another target: that is no place of its own.
    let chains = Chains::new(listing, port, |rule| rule.chain == PARK_CHAIN);
    let named = redirects(&chains, bases).filter(|one| one.names_port);
    let address = |one: Redirect| match one.listed.rule.target {
        Target::Redirect(Destination::Address(to)) => Some(to),
        _ => None,
    };
    named.filter_map(address).collect()
}

fn of_iptables<'a>(listing: &'a Listing, gate: &Gate, in_use: bool) -> Chains<'a> {
    let is_ours = |rule: &Rule| in_use && gate.owns(rule);
    Chains::new(listing, gate.status_port, is_ours)
}

/// nft shows iptables' rules, too, and `foreign` judges them.
fn of_nft(table: &NativeTable, port: u16) -> Chains<'_> {
    let is_ours = |rule: &Rule| [CHAIN, PARK_CHAIN].contains(&rule.chain.as_str());
    Chains::new(&table.listing, port, is_ours)
}

/// To a chain of ours, whose rules are known.
fn is_our_jump(rule: &Rule) -> bool {
    [CHAIN, PARK_CHAIN]
        .iter()
        .any(|chain| rule.target == Target::Jump((*chain).to_owned()))
}

fn redirects<'a>(
    chains: &Chains<'a>,
    bases: &[(Hook, &str)],
) -> impl Iterator<Item = Redirect<'a>> {
    let met = bases
        .iter()
        .flat_map(|(hook, base)| chains.redirects(*hook, base));
    met.chain(chains.named(bases))
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
