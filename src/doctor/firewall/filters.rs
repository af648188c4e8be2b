//! Everything on this host that filters what comes in, and what of it drops one packet.

use super::iptables;
use super::nft::Ruleset;
use super::walk::{Base, Chains, Fate, Packet, fate, follows};
use crate::gate::{Family, Iptables, Listing, Variant};

/// As far as it can be read. Err: why it can't be read.
#[derive(Debug, Clone)]
pub struct Filters {
    /// The filter tables of both variants of iptables.
    pub iptables: Result<Vec<(Iptables, Listing)>, String>,
    /// Native nft rules; None: nft is not installed.
    pub nft: Result<Option<Ruleset>, String>,
}

/// Where a chain for what comes in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// INPUT of that iptables.
    Program(&'static str),
    /// `FAMILY TABLE CHAIN` of nft.
    Native(String),
}

/// Of that family, whichever variant it is.
pub fn program(v6: bool) -> &'static str {
    if v6 { "ip6tables" } else { "iptables" }
}

/// What becomes of a port by a rule before all others.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Accept,
    Reset,
}

impl Place {
    /// The line that gives the port that answer.
    pub fn line(&self, port: u16, answer: Answer) -> String {
        match self {
            Place::Program(program) => {
                let target = match answer {
                    Answer::Accept => "ACCEPT",
                    Answer::Reset => "REJECT --reject-with tcp-reset",
                };
                format!("{program} -I INPUT -p tcp --dport {port} -j {target}")
            }
            Place::Native(place) => {
                let verdict = match answer {
                    Answer::Accept => "accept",
                    Answer::Reset => "reject with tcp reset",
                };
                format!("nft insert rule {place} tcp dport {port} {verdict}")
            }
        }
    }
}

/// One chain that the kernel calls for what comes in, judged for one packet.
struct Filter {
    chains: Chains,
    base: Base,
    place: Place,
}

impl Filters {
    /// The line that lets a port in where something here drops it, or may; None: nothing does.
    pub fn let_in(&self, packet: &Packet) -> Option<String> {
        let (_, place) = self.judge(packet, None)?;
        Some(place.line(packet.port, Answer::Accept))
    }

    /// What drops the packet, or may, and where; None: nothing does. `led`: the port on which
    /// the same packet is known to come through. What may have dropped it there has not, as
    /// what looks at no port does not here either.
    pub fn judge(&self, packet: &Packet, led: Option<u16>) -> Option<(Fate, Place)> {
        let filters = self.met_by(packet);
        let passed = led.map_or_else(Vec::new, |port| {
            let packet = packet.clone();
            self.met_by(&Packet { port, ..packet })
        });
        let mut fates = Vec::new();
        for (at, filter) in filters.into_iter().enumerate() {
            let Some(fate) = fate(&filter.chains, &filter.base) else {
                continue;
            };
            let known = passed.get(at).is_some_and(|passed| {
                follows(
                    (&passed.chains, &passed.base),
                    (&filter.chains, &filter.base),
                )
            });
            if !(known && matches!(fate, Fate::Unsure(_))) {
                fates.push((fate, filter.place));
            }
        }
        // Whoever comes first and answers for sure has answered.
        let end = fates.iter().position(|(fate, _)| *fate == Fate::Seen);
        fates.truncate(end.unwrap_or(fates.len()));
        let surely = fates
            .iter()
            .position(|(fate, _)| matches!(fate, Fate::Dropped(_)));
        (!fates.is_empty()).then(|| fates.swap_remove(surely.unwrap_or(0)))
    }

    /// In the order in which they are asked; of the same priority nft before iptables.
    fn met_by(&self, packet: &Packet) -> Vec<Filter> {
        let nft = self.nft.iter().flatten();
        let tables = nft.flat_map(|nft| nft.tables(packet, |family| nft.is_of_iptables(family)));
        let native = tables.map(|table| Filter {
            place: match table.place.as_str() {
                // Where iptables-nft has its own, too, whoever has made this one.
                "ip filter INPUT" => Place::Program("iptables-nft"),
                "ip6 filter INPUT" => Place::Program("ip6tables-nft"),
                place => Place::Native(place.to_owned()),
            },
            chains: table.chains,
            base: table.base,
        });
        let iptables = self.iptables.iter().flatten();
        let asked = iptables.filter(|(table, _)| self.asks(table, packet));
        let listed = asked.map(|(table, listing)| {
            let (chains, base) = iptables::chains(listing, packet);
            let place = Place::Program(table.program);
            Filter {
                chains,
                base,
                place,
            }
        });
        native.chain(listed).collect()
    }

    /// Rules that nft prints better are not asked for again: iptables-nft 1.8.9 shows a native
    /// `tcp dport { 22, 80 } accept` as `-p tcp -j ACCEPT`.
    fn asks(&self, table: &Iptables, packet: &Packet) -> bool {
        let family = if packet.is_v6() {
            (Family::V6, "ip6")
        } else {
            (Family::V4, "ip")
        };
        let by_nft = |nft: &Ruleset| !nft.is_of_iptables(family.1);
        let is_nft = table.variant() == Variant::Nft;
        table.family == family.0 && !(is_nft && self.nft.iter().flatten().any(by_nft))
    }
}
