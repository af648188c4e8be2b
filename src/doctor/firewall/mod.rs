//! Whether this host's firewall answers a check that meets a closed gate. An open gate's
//! checks come to INPUT with the app's own port, a closed one's with the status port.

mod iptables;
mod leads;
mod nft;
mod walk;

pub use nft::Ruleset;
pub use walk::Packet;

use super::Point;
use super::check::Check;
use crate::gate::{Family, Gate, Iptables, Listing, Variant};
use walk::{Fate, fate};

const CHECK: Check = Check {
    name: "firewall",
    why: "a refused check is seen at once, a dropped one only after the check's timeout: \
          until then HAProxy sends users to a host that is about to restart",
};

/// Everything on this host that filters what comes in.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// The filter tables of both variants of iptables.
    pub iptables: Vec<(Iptables, Listing)>,
    /// Native nft rules; None: nft is not installed.
    pub nft: Option<Ruleset>,
}

/// One gate, and the checks that come to it.
#[derive(Debug, Clone)]
pub struct Checked {
    pub gate: Gate,
    /// From each balancer.
    pub packets: Vec<Packet>,
    /// While the gate is closed: how the last check of each line ended, in HAProxy's word.
    pub closed: Option<Vec<String>>,
}

/// One point for each gate. Err: why the rules can't be read.
pub(super) fn points(
    app: &str,
    filters: &Result<Filters, String>,
    gates: &[Checked],
) -> Vec<Point> {
    let point = |checked: &Checked| match filters {
        Ok(filters) => of_gate(app, filters, checked),
        Err(why) => CHECK.warning(
            app,
            format!(
                "whether a firewall drops port {}: can't be told: {why}",
                checked.gate.status_port
            ),
            "as root: agent doctor",
        ),
    };
    gates.iter().map(point).collect()
}

fn of_gate(app: &str, filters: &Filters, checked: &Checked) -> Point {
    let port = checked.gate.status_port;
    let words = checked.closed.as_deref().unwrap_or_default();
    let fates: Vec<(Fate, String)> = checked
        .packets
        .iter()
        .filter_map(|packet| filters.judge(packet))
        .collect();
    let dropped = fates
        .iter()
        .find(|(fate, _)| matches!(fate, Fate::Dropped(_)));
    if words.iter().any(|word| word == "L4TOUT") {
        let elsewhere =
            "in the firewall on the way from HAProxy, answer with a TCP reset, as here:";
        let mend = match dropped {
            Some((_, mend)) => mend.clone(),
            None => format!("{elsewhere} {}", reject("iptables", port)),
        };
        return CHECK.warning(
            app,
            format!("port {port} is closed, and HAProxy's checks of it are dropped (L4TOUT)"),
            mend,
        );
    }
    if !words.is_empty() && words.iter().all(|word| word == "L4CON") {
        return CHECK.ok(
            app,
            format!("port {port}, closed: HAProxy's checks are refused at once"),
        );
    }
    match (dropped, fates.first()) {
        (Some((Fate::Dropped(by), mend)), _) => CHECK.warning(
            app,
            format!("port {port} is dropped while its gate is closed: {by}"),
            mend.as_str(),
        ),
        (_, Some((Fate::Unsure(by), mend))) => CHECK.warning(
            app,
            format!(
                "port {port} may be dropped while its gate is closed, that can't be told: {by}"
            ),
            mend.as_str(),
        ),
        _ => CHECK.ok(
            app,
            format!("port {port}: no firewall of this host drops it when closed"),
        ),
    }
}

fn reject(program: &str, port: u16) -> String {
    format!("{program} -I INPUT -p tcp --dport {port} -j REJECT --reject-with tcp-reset")
}

impl Filters {
    /// What drops the packet, or may, and the line that mends it; None: nothing does. Chains
    /// of the same priority are taken in the order nft, iptables.
    fn judge(&self, packet: &Packet) -> Option<(Fate, String)> {
        let port = packet.port;
        let mut fates = Vec::new();
        let nft = self
            .nft
            .iter()
            .flat_map(|nft| nft.tables(packet, |family| nft.is_of_iptables(family)));
        for table in nft {
            let mend = match table.place.as_str() {
                // Where iptables-nft has its own, too, whoever has made this one.
                "ip filter INPUT" => reject("iptables-nft", port),
                "ip6 filter INPUT" => reject("ip6tables-nft", port),
                place => format!("nft insert rule {place} tcp dport {port} reject with tcp reset"),
            };
            fates.extend(fate(&table.chains, &table.base).map(|fate| (fate, mend)));
        }
        for (program, listing) in self
            .iptables
            .iter()
            .filter(|(table, _)| self.asks(table, packet))
        {
            let (chains, base) = iptables::chains(listing, packet);
            let mend = reject(program.program, port);
            fates.extend(fate(&chains, &base).map(|fate| (fate, mend)));
        }
        // Whoever comes first and answers for sure has answered.
        let end = fates.iter().position(|(fate, _)| *fate == Fate::Seen);
        fates.truncate(end.unwrap_or(fates.len()));
        let surely = fates
            .iter()
            .position(|(fate, _)| matches!(fate, Fate::Dropped(_)));
        (!fates.is_empty()).then(|| fates.swap_remove(surely.unwrap_or(0)))
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
        table.family == family.0 && !(is_nft && self.nft.as_ref().is_some_and(by_nft))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::gate::Side;

    fn checked(closed: Option<&[&str]>) -> Checked {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Checked {
            gate: Gate {
                app: "web".into(),
                side: Side::Main,
                status_port: 2000,
                port: 1000,
            },
            packets: vec![Packet {
                port: 2000,
                to: "10.0.0.11".parse().ok(),
                from: "10.0.0.1".parse().ok(),
                interface: Some("eth0".into()),
            }],
            closed: closed.map(words),
        }
    }

    fn filters(program: &'static str, rules: &str) -> Filters {
        let listing = Listing::parse_any(&format!("-P INPUT DROP\n{rules}")).unwrap();
        Filters {
            iptables: vec![(Iptables::new(program, Family::V4), listing)],
            nft: None,
        }
    }

    fn point(filters: &Filters, closed: Option<&[&str]>) -> (Verdict, String) {
        let point = points("web", &Ok(filters.clone()), &[checked(closed)]).remove(0);
        (point.verdict, point.mend.unwrap_or_default())
    }

    #[test]
    fn a_drop_is_told_with_the_line_for_the_program_that_drops() {
        let dropping = filters("iptables-legacy", "");
        let mend = reject("iptables-legacy", 2000);
        assert_eq!(point(&dropping, None), (Verdict::Warning, mend.clone()));
        assert_eq!(
            point(&dropping, Some(&["L4TOUT"])),
            (Verdict::Warning, mend.clone())
        );
        let rule = mend.replace("iptables-legacy -I", "-A");
        let mended = filters("iptables-legacy", &format!("{rule}\n"));
        assert_eq!(point(&mended, None).0, Verdict::Ok);
        let unsure = filters(
            "iptables-legacy",
            "-A INPUT -m limit --limit 3/min -j ACCEPT\n",
        );
        assert_eq!(point(&unsure, None).0, Verdict::Warning);
        assert_eq!(point(&Filters::default(), None).0, Verdict::Ok);
    }

    #[test]
    fn haproxys_own_word_counts_more_than_the_rules() {
        let dropping = filters("iptables-nft", "");
        assert_eq!(point(&dropping, Some(&["L4CON", "L4CON"])).0, Verdict::Ok);
        let (verdict, mend) = point(&Filters::default(), Some(&["L4CON", "L4TOUT"]));
        assert_eq!(verdict, Verdict::Warning);
        assert!(mend.starts_with("in the firewall on the way"), "{mend}");
        assert_eq!(point(&dropping, Some(&["L7OK"])).0, Verdict::Warning);
    }

    #[test]
    fn rules_of_the_other_family_are_not_asked() {
        let mut v6 = filters("ip6tables-nft", "");
        v6.iptables[0].0.family = Family::V6;
        assert_eq!(point(&v6, None).0, Verdict::Ok);
    }

    #[test]
    fn nft_is_believed_over_what_iptables_makes_of_it() {
        let native = r#"{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT",
            "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"#;
        let mut both = filters("iptables-nft", "-A INPUT -p tcp -j ACCEPT\n");
        assert_eq!(point(&both, None).0, Verdict::Ok);
        both.nft = Ruleset::parse(native).ok();
        assert_eq!(
            point(&both, None),
            (Verdict::Warning, reject("iptables-nft", 2000))
        );
        let other = native.replace("filter\", \"name\": \"INPUT", "fw\", \"name\": \"in");
        both.nft = Ruleset::parse(&other).ok();
        let mend = "nft insert rule ip fw in tcp dport 2000 reject with tcp reset";
        assert_eq!(point(&both, None), (Verdict::Warning, mend.to_owned()));
    }
}
