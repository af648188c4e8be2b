//! What is looked at beyond the gates themselves: the filter's rules, how many checks came
//! by, whose tables else there are. Read-only.

use super::firewall::{LEGACY, NFT, filter_if_there};
use super::{Firewall, Foreign, Gate, GateError, Iptables, Listing, Variant, View, foreign};

impl Firewall {
    /// Whose tables the gates are in.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The filter tables of both variants, where they are there at all.
    ///
    /// # Errors
    ///
    /// One that is there can't be read.
    pub async fn filters(&self) -> Result<Vec<(Iptables, Listing)>, GateError> {
        let families = self.used.len();
        let mut filters = Vec::new();
        for iptables in NFT[..families].iter().chain(&LEGACY[..families]) {
            let listing = filter_if_there(iptables).await?;
            filters.extend(listing.map(|listing| (*iptables, listing)));
        }
        Ok(filters)
    }

    /// How many connections each open gate has led to the app since its rule was set: HAProxy's
    /// checks, for nobody else asks the status port. The nat table meets the first packet of a
    /// connection alone.
    ///
    /// # Errors
    ///
    /// The chain is not there, or can't be read.
    pub async fn led(&self, gates: &[Gate]) -> Result<Vec<u64>, GateError> {
        let mut led = vec![0; gates.len()];
        for iptables in &self.used {
            let listing = iptables.list_counted().await?;
            for (led, gate) in led.iter_mut().zip(gates) {
                *led += packets(&listing, gate);
            }
        }
        Ok(led)
    }
}

impl Iptables {
    /// Which back end it works on.
    pub fn variant(&self) -> Variant {
        match LEGACY.iter().any(|one| one.program == self.program) {
            true => Variant::Legacy,
            false => Variant::Nft,
        }
    }
}

fn packets(listing: &Listing, gate: &Gate) -> u64 {
    let comment = gate.comment();
    let of_gate = listing
        .ours()
        .filter(|rule| rule.value("--comment") == Some(comment.as_str()));
    of_gate
        .filter_map(|rule| rule.value("-c")?.parse::<u64>().ok())
        .sum()
}

impl View {
    /// Rules for the gate's status port that are not ours, in the tables in use.
    pub fn foreign_in_use(&self, gate: &Gate) -> Vec<Foreign> {
        let mut foreign = self.foreign(gate);
        let beside = self.foreign_beside(gate);
        foreign.retain(|rule| !beside.contains(rule));
        foreign
    }

    /// And in those of the variant that the agent does not use.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haproxy::Role;

    #[test]
    fn packets_are_those_of_the_gates_own_rule() {
        let gate = Gate {
            app: "web".into(),
            role: Role::Main,
            status_port: 2000,
            port: 1000,
        };
        let text = "-N HAPROXY-GATE\n\
            -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \"haproxy-gate:web:main\" -c 7 420 -j REDIRECT --to-ports 1000\n\
            -A HAPROXY-GATE -p tcp -m tcp --dport 3000 -m comment --comment \"haproxy-gate:web:backup\" -c 2 120 -j REDIRECT --to-ports 1000\n";
        let listing = Listing::parse_any(text).unwrap();
        assert_eq!(packets(&listing, &gate), 7);
        assert_eq!(packets(&Listing::default(), &gate), 0);
    }
}
