//! What `agent doctor` reads beyond the gates themselves. Read-only.

use super::{Firewall, Foreign, Gate, Variant, View, foreign};

impl Firewall {
    /// Which variant and programs have the gates.
    pub fn variant(&self) -> Variant {
        self.variant
    }
}

impl View {
    /// Rules for the gate's status port that are not ours. It leaves out the certain ones of the
    /// variant that the agent does not use.
    pub fn foreign_in_use(&self, gate: &Gate) -> Vec<Foreign> {
        let mut foreign = self.foreign(gate);
        let beside = self.foreign_beside(gate);
        foreign.retain(|rule| !(rule.is_certain() && beside.contains(rule)));
        foreign
    }

    /// Those in the tables of the variant that the agent does not use.
    pub fn foreign_beside(&self, gate: &Gate) -> Vec<Foreign> {
        let tables = self.unused.iter();
        tables
            .flat_map(|(iptables, listing)| foreign(iptables, listing, gate, false))
            .collect()
    }

    /// How many rules there are in the nat tables that the agent does not use, by program.
    pub fn beside(&self) -> Vec<(&'static str, usize)> {
        let tables = self.unused.iter();
        let counted = tables.map(|(iptables, listing)| (iptables.program, listing.rules().count()));
        counted.filter(|(_, rules)| *rules > 0).collect()
    }
}
