//! Everything that the kernel has, and what it says of a gate. Pure.

use crate::gate::foreign::{
    Checked, Foreign, around, destinations, foreign, native, native_around, native_destinations,
};
use crate::gate::iptables::{Family, Iptables};
use crate::gate::listing::Listing;
use crate::gate::nft::{Native, NativeTable};
use crate::gate::owned::{is_at, is_earlier};
use crate::gate::plan::{plan, plan_all, position};
use crate::gate::rule::{Change, Rule};
use crate::gate::{Gate, Position};
use crate::restart::PerGate;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// The nat tables in use, at one moment.
pub(in crate::gate) type Tables = Vec<(Iptables, Listing)>;

/// Everything that the kernel has, at one moment.
#[derive(Debug, Clone)]
pub struct View {
    pub(in crate::gate) used: Tables,
    pub(in crate::gate) unused: Tables,
    pub(in crate::gate) native: Result<Native, String>,
    pub(in crate::gate) checked: Checked,
}

/// The changes that bring the gates to the wanted positions, in order, for each program that has any.
/// A gate to an address has no rule in the other family.
pub(in crate::gate) fn to_do(
    tables: &Tables,
    wanted: &[(&Gate, bool)],
) -> Vec<(Iptables, Vec<Change>)> {
    let changes = |(iptables, listing): &(Iptables, Listing)| {
        let wanted = wanted.iter();
        let here = wanted.map(|(gate, open)| (*gate, *open && is_in(gate, iptables)));
        let here: Vec<(&Gate, bool)> = here.collect();
        (*iptables, plan_all(listing, &here))
    };
    let all = tables.iter().map(changes);
    all.filter(|(_, changes)| !changes.is_empty()).collect()
}

/// A translation stays within its address family.
fn is_in(gate: &Gate, iptables: &Iptables) -> bool {
    let to = gate.to.address();
    to.is_none_or(|to| Family::of(to.ip()) == iptables.family)
}

/// A gate's position: the same in every family that its destination is in, or broken. In the other
/// family it has no rule.
pub(in crate::gate) fn position_everywhere(tables: &Tables, gate: &Gate) -> Position {
    let seen = |(iptables, listing): &(Iptables, Listing)| (*iptables, position(listing, gate));
    let (own, beside): (Vec<_>, Vec<_>) = tables
        .iter()
        .map(seen)
        .partition(|(iptables, _)| is_in(gate, iptables));
    let mut stale = beside.into_iter().filter_map(|(iptables, position)| {
        let Position::Broken(why) = position else {
            return None;
        };
        Some(Position::Broken(format!("{}: {why}", iptables.program)))
    });
    let mut seen = own.into_iter();
    let Some((first, one)) = seen.next() else {
        return stale.next().unwrap_or(Position::Closed);
    };
    match seen.find(|(_, other)| *other != one) {
        None if matches!(one, Position::Broken(_)) => one,
        None => stale.next().unwrap_or(one),
        Some((second, other)) => Position::Broken(format!(
            "{}: {one}, {}: {other}",
            first.program, second.program
        )),
    }
}

impl View {
    /// The same, for checks of these addresses of this host.
    pub fn checked_at(self, addresses: Vec<IpAddr>) -> View {
        let checked = Checked(addresses);
        View { checked, ..self }
    }

    /// A gate's position: the same in every family, or broken.
    pub fn position(&self, gate: &Gate) -> Position {
        position_everywhere(&self.used, gate)
    }

    /// The rules of an earlier main gate with another status port, which go when this gate moves.
    fn earlier<'a>(&'a self, gate: &'a Gate) -> impl Iterator<Item = &'a Rule> {
        let rules = self.used.iter().flat_map(|(_, listing)| listing.ours());
        rules
            .map(|one| &one.rule)
            .filter(move |rule| is_earlier(gate, rule))
    }

    /// An earlier main gate of this app had another status port.
    pub fn has_earlier(&self, gate: &Gate) -> bool {
        self.earlier(gate).next().is_some()
    }

    /// An earlier main gate of this app redirects this port.
    pub fn redirected_earlier(&self, gate: &Gate, port: u16) -> bool {
        self.earlier(gate).any(|rule| is_at(rule, port))
    }

    /// The gate's destination has an address of a family that this host has no rules for.
    pub fn lacks_family(&self, gate: &Gate) -> bool {
        !self.used.iter().any(|(iptables, _)| is_in(gate, iptables))
    }

    /// The calls that would bring the gate to that position, each with its program.
    pub fn plan(&self, gate: &Gate, open: bool) -> Vec<String> {
        self.calls(|iptables, listing| plan(listing, gate, open && is_in(gate, iptables)))
    }

    /// The calls that will open the gate again after it is closed.
    pub fn reopening(&self, gate: &Gate) -> Vec<String> {
        let append = || Change::Append(gate.rule());
        self.calls(|iptables, _| is_in(gate, iptables).then(append).into_iter().collect())
    }

    pub(in crate::gate) fn calls(
        &self,
        changes: impl Fn(&Iptables, &Listing) -> Vec<Change>,
    ) -> Vec<String> {
        let calls = self.used.iter().flat_map(|(iptables, listing)| {
            let lines = changes(iptables, listing).into_iter();
            lines.map(|change| iptables.line(&change))
        });
        calls.collect()
    }

    /// Rules for the gate's status port that are not ours: those that the agent's own variant and
    /// nft show, and those in the tables of the variant that the agent does not use.
    pub fn foreign(&self, gate: &Gate) -> Vec<Foreign> {
        let found = |tables: &Tables, in_use: bool| {
            let found = tables.iter().flat_map(|(iptables, listing)| {
                foreign(iptables, listing, gate, in_use, &self.checked)
            });
            found.collect::<Vec<_>>()
        };
        let tables = self.native_tables();
        let of_nft = tables.flat_map(|table| native(table, gate, &self.checked));
        [
            found(&self.used, true),
            of_nft.collect(),
            found(&self.unused, false),
        ]
        .concat()
    }

    /// The addresses that rules redirect `port` to, each once: a container publishes its port so.
    pub fn published(&self, port: u16) -> Vec<SocketAddr> {
        let of_iptables = self.used.iter().chain(&self.unused);
        let of_iptables = of_iptables.flat_map(|(_, listing)| destinations(listing, port));
        let native = self.native_tables();
        let native = native.flat_map(|table| native_destinations(table, port));
        let mut all: Vec<SocketAddr> = Vec::new();
        for to in of_iptables.chain(native) {
            all.extend((!all.contains(&to)).then_some(to));
        }
        all
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
    pub(in crate::gate) fn native_tables(&self) -> impl Iterator<Item = &NativeTable> {
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

#[cfg(test)]
mod tests;
