//! Everything that the kernel has, and what it says of a gate. Pure.

use super::foreign::{Foreign, around, foreign, native, native_around};
use super::iptables::Iptables;
use super::listing::Listing;
use super::nft::{Native, NativeTable};
use super::plan::{plan, plan_all, position};
use super::rule::Change;
use super::{Gate, Position};
use crate::restart::PerGate;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The nat tables in use, at one moment.
pub(super) type Tables = Vec<(Iptables, Listing)>;

/// Everything that the kernel has, at one moment.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) used: Tables,
    pub(super) unused: Tables,
    pub(super) native: Result<Native, String>,
}

/// The changes that bring the gates to the wanted positions, in order, for each program that has any.
pub(super) fn to_do(tables: &Tables, wanted: &[(&Gate, bool)]) -> Vec<(Iptables, Vec<Change>)> {
    let changes =
        |(iptables, listing): &(Iptables, Listing)| (*iptables, plan_all(listing, wanted));
    let all = tables.iter().map(changes);
    all.filter(|(_, changes)| !changes.is_empty()).collect()
}

/// A gate's position: the same in every family, or broken.
pub(super) fn position_everywhere(tables: &Tables, gate: &Gate) -> Position {
    let mut seen = tables
        .iter()
        .map(|(iptables, listing)| (iptables, position(listing, gate)));
    let Some((first, one)) = seen.next() else {
        return Position::Closed;
    };
    match seen.find(|(_, other)| *other != one) {
        None => one,
        Some((second, other)) => Position::Broken(format!(
            "{}: {one}, {}: {other}",
            first.program, second.program
        )),
    }
}

impl View {
    /// A gate's position: the same in every family, or broken.
    pub fn position(&self, gate: &Gate) -> Position {
        position_everywhere(&self.used, gate)
    }

    /// The calls that would bring the gate to that position, each with its program.
    pub fn plan(&self, gate: &Gate, open: bool) -> Vec<String> {
        self.calls(|listing| plan(listing, gate, open))
    }

    /// The calls that will open the gate again after it is closed.
    pub fn reopening(&self, gate: &Gate) -> Vec<String> {
        self.calls(|_| vec![Change::Append(gate.rule())])
    }

    fn calls(&self, changes: impl Fn(&Listing) -> Vec<Change>) -> Vec<String> {
        let calls = self.used.iter().flat_map(|(iptables, listing)| {
            let lines = changes(listing).into_iter();
            lines.map(|change| iptables.line(&change))
        });
        calls.collect()
    }

    /// Rules for the gate's status port that are not ours.
    pub fn foreign(&self, gate: &Gate) -> Vec<Foreign> {
        [self.foreign_in_use(gate), self.foreign_beside(gate)].concat()
    }

    /// Those that the agent's own variant and nft show.
    pub fn foreign_in_use(&self, gate: &Gate) -> Vec<Foreign> {
        let used = self.used.iter();
        let used = used.flat_map(|(iptables, listing)| foreign(iptables, listing, gate, true));
        let native = self.native_tables().flat_map(|table| native(table, gate));
        used.chain(native).collect()
    }

    /// Those in the tables of the variant that the agent does not use.
    pub fn foreign_beside(&self, gate: &Gate) -> Vec<Foreign> {
        let tables = self.unused.iter();
        tables
            .flat_map(|(iptables, listing)| foreign(iptables, listing, gate, false))
            .collect()
    }

    /// Why native rules can't be read.
    pub fn native_unseen(&self) -> Option<&str> {
        self.native.as_ref().err().map(String::as_str)
    }

    /// A fingerprint of the foreign rules around these gates.
    pub fn around(&self, gates: PerGate<&Gate>) -> String {
        let used = self.used.iter().map(|seen| (seen, true));
        let unused = self.unused.iter().map(|seen| (seen, false));
        let mut hasher = DefaultHasher::new();
        for ((iptables, listing), in_use) in used.chain(unused) {
            for gate in gates.iter() {
                let rules = around(iptables, listing, gate, in_use);
                rules.iter().for_each(|rule| rule.hash(&mut hasher));
            }
        }
        for gate in gates.iter() {
            let tables = self.native_tables();
            let native = tables.flat_map(|table| native_around(table, gate));
            native.for_each(|rule| rule.hash(&mut hasher));
        }
        self.native_unseen()
            .iter()
            .for_each(|why| why.hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    }

    /// Those of an address family that the agent manages.
    fn native_tables(&self) -> impl Iterator<Item = &NativeTable> {
        let has_ipv6 = self.used.len() > 1;
        let tables = self.native.iter().flat_map(Native::tables);
        tables.filter(move |table| has_ipv6 || table.family != "ip6")
    }

    /// How many rules there are in the nat tables that the agent does not use, by program.
    pub fn beside(&self) -> Vec<(&'static str, usize)> {
        let tables = self.unused.iter();
        let counted = tables.map(|(iptables, listing)| (iptables.program, listing.rules().count()));
        counted.filter(|(_, rules)| *rules > 0).collect()
    }
}
