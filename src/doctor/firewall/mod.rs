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
use walk::{Base, Chains, Fate, drops, fate};

const CHECK: Check = Check {
    name: "firewall",
    why: "a refused check is seen at once, a dropped one only after the check's timeout: \
          until then HAProxy sends users to a host that is about to restart",
};

/// Everything on this host that filters what comes in. Err: why it can't be read.
#[derive(Debug, Clone)]
pub struct Filters {
    /// The filter tables of both variants of iptables.
    pub iptables: Result<Vec<(Iptables, Listing)>, String>,
    /// Native nft rules; None: nft is not installed.
    pub nft: Result<Option<Ruleset>, String>,
}

/// One gate, and the checks that come to it.
#[derive(Debug, Clone)]
pub struct Checked {
    pub gate: Gate,
    /// From each balancer.
    pub coming: Vec<Coming>,
    /// While the gate is closed: how the last check of each line ended, in HAProxy's word.
    pub closed: Option<Vec<String>>,
}

/// The checks that come by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    pub packet: Packet,
    /// HAProxy shows each of these lines UP by the open gate: on the app's own port nothing
    /// drops them.
    pub led: bool,
}

/// What shows native rules.
pub const SEE_NFT: &str = "nft -j list ruleset";

/// One point for each gate. None: without root nobody can look.
pub(super) fn points(app: &str, filters: Option<&Filters>, gates: &[Checked]) -> Vec<Point> {
    let point = |checked: &Checked| match filters {
        Some(filters) => of_gate(app, filters, checked),
        None => untold(
            app,
            checked,
            "the rules can't be read",
            "as root: agent doctor",
        ),
    };
    gates.iter().map(point).collect()
}

fn untold(app: &str, checked: &Checked, why: &str, mend: &str) -> Point {
    let port = checked.gate.status_port;
    let found = format!("whether a firewall drops port {port} when closed can't be told: {why}");
    CHECK.warning(app, found, mend)
}

fn of_gate(app: &str, filters: &Filters, checked: &Checked) -> Point {
    let port = checked.gate.status_port;
    let words = checked.closed.as_deref().unwrap_or_default();
    let fates: Vec<(Fate, Place)> = checked
        .coming
        .iter()
        .filter_map(|coming| filters.judge(&coming.packet, coming.led.then_some(checked.gate.port)))
        .collect();
    let is_dropped = |(fate, _): &&(Fate, Place)| matches!(fate, Fate::Dropped(_));
    let dropped = fates.iter().find(is_dropped);
    let mend = |place: &Place| place.line(port, Answer::Reset);
    if words.iter().any(|word| word == "L4TOUT") {
        let v6 = checked.coming.iter().any(|coming| coming.packet.is_v6());
        let mend = match dropped {
            Some((_, place)) => mend(place),
            None => format!(
                "in the firewall on the way from HAProxy, answer with a TCP reset, as here: {}",
                mend(&Place::Program(program(v6)))
            ),
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
    match (dropped.or(fates.first()), &filters.nft, &filters.iptables) {
        (Some((Fate::Dropped(by), place)), ..) => CHECK.warning(
            app,
            format!("port {port} is dropped while its gate is closed: {by}"),
            mend(place),
        ),
        (Some((Fate::Unsure(by), place)), ..) => CHECK.warning(
            app,
            format!(
                "port {port} may be dropped while its gate is closed, that can't be told: {by}"
            ),
            mend(place),
        ),
        (_, Err(why), _) => untold(app, checked, why, SEE_NFT),
        (_, _, Err(why)) => untold(app, checked, why, "as root: iptables -S"),
        _ => CHECK.ok(
            app,
            format!("port {port}: no firewall of this host drops it when closed"),
        ),
    }
}

/// Where a chain for what comes in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
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
enum Answer {
    Accept,
    Reset,
}

impl Place {
    /// The line that gives the port that answer.
    fn line(&self, port: u16, answer: Answer) -> String {
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
    fn judge(&self, packet: &Packet, led: Option<u16>) -> Option<(Fate, Place)> {
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
                let here = drops(&filter.chains, &filter.base);
                here.is_subset(&drops(&passed.chains, &passed.base))
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

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::gate::Side;

    fn coming(to: &str, from: Option<&str>) -> Coming {
        Coming {
            packet: Packet {
                port: 2000,
                to: to.parse().ok(),
                from: from.and_then(|from| from.parse().ok()),
                interface: Some("eth0".into()),
            },
            led: false,
        }
    }

    fn checked(closed: Option<&[&str]>) -> Checked {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Checked {
            gate: Gate {
                app: "web".into(),
                side: Side::Main,
                status_port: 2000,
                port: 1000,
            },
            coming: vec![coming("10.0.0.11", Some("10.0.0.1"))],
            closed: closed.map(words),
        }
    }

    fn filters(program: &'static str, rules: &str) -> Filters {
        let listing = Listing::parse_any(&format!("-P INPUT DROP\n{rules}")).unwrap();
        Filters {
            iptables: Ok(vec![(Iptables::new(program, Family::V4), listing)]),
            nft: Ok(None),
        }
    }

    fn nothing() -> Filters {
        Filters {
            iptables: Ok(Vec::new()),
            nft: Ok(None),
        }
    }

    fn reject(program: &'static str, port: u16) -> String {
        Place::Program(program).line(port, Answer::Reset)
    }

    fn point(filters: &Filters, closed: Option<&[&str]>) -> (Verdict, String) {
        let point = points("web", Some(filters), &[checked(closed)]).remove(0);
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
        assert_eq!(point(&nothing(), None).0, Verdict::Ok);
    }

    #[test]
    fn haproxys_own_word_counts_more_than_the_rules() {
        let dropping = filters("iptables-nft", "");
        assert_eq!(point(&dropping, Some(&["L4CON", "L4CON"])).0, Verdict::Ok);
        let (verdict, mend) = point(&nothing(), Some(&["L4CON", "L4TOUT"]));
        assert_eq!(verdict, Verdict::Warning);
        assert!(mend.starts_with("in the firewall on the way"), "{mend}");
        assert_eq!(point(&dropping, Some(&["L7OK"])).0, Verdict::Warning);
    }

    #[test]
    fn rules_of_the_other_family_are_not_asked() {
        let mut v6 = filters("ip6tables-nft", "");
        v6.iptables.as_mut().unwrap()[0].0.family = Family::V6;
        assert_eq!(point(&v6, None).0, Verdict::Ok);
    }

    #[test]
    fn nft_is_believed_over_what_iptables_makes_of_it() {
        let native = r#"{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT",
            "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"#;
        let mut both = filters("iptables-nft", "-A INPUT -p tcp -j ACCEPT\n");
        assert_eq!(point(&both, None).0, Verdict::Ok);
        both.nft = Ruleset::parse(native).map(Some);
        assert_eq!(
            point(&both, None),
            (Verdict::Warning, reject("iptables-nft", 2000))
        );
        let other = native.replace("filter\", \"name\": \"INPUT", "fw\", \"name\": \"in");
        both.nft = Ruleset::parse(&other).map(Some);
        let mend = "nft insert rule ip fw in tcp dport 2000 reject with tcp reset";
        assert_eq!(point(&both, None), (Verdict::Warning, mend.to_owned()));
    }

    /// Of two that filter one answers.
    #[test]
    fn a_look_that_failed_is_never_ok() {
        let failed = "it hangs".to_owned();
        let told = |filters: &Filters, closed| {
            let point = points("web", Some(filters), &[checked(closed)]).remove(0);
            (point.found, point.mend.unwrap_or_default())
        };
        let why = "whether a firewall drops port 2000 when closed can't be told: it hangs";
        let mut one = nothing();
        one.nft = Err(failed.clone());
        assert_eq!(told(&one, None), (why.into(), SEE_NFT.into()));
        one = nothing();
        one.iptables = Err(failed.clone());
        assert_eq!(told(&one, None).0, why);
        // What is known all the same.
        let (found, _) = told(&one, Some(&["L4CON"]));
        assert!(found.ends_with("are refused at once"), "{found}");
        let mut dropping = filters("iptables-legacy", "");
        dropping.nft = Err(failed);
        assert!(told(&dropping, None).0.contains("is dropped"));
        let unseen = points("web", None, &[checked(None)]).remove(0);
        assert_eq!(unseen.mend.as_deref(), Some("as root: agent doctor"));
    }

    /// Where HAProxy's address is not known, and it shows the line UP.
    #[test]
    fn what_has_not_dropped_the_open_gate_s_checks_drops_no_others() {
        let blocklist = "-A INPUT -m set --match-set bl src -j DROP\n";
        let friends = "-A INPUT -m set --match-set friends src -j ACCEPT\n";
        let app = "-A INPUT -p tcp -m tcp --dport 1000 -j ACCEPT\n";
        let accept = "-A INPUT -p tcp -j ACCEPT\n";
        let own = "-A INPUT -p tcp -m tcp --dport 2000 -m set --match-set x src -j DROP\n";
        for (rules, verdict) in [
            (format!("{blocklist}{accept}"), Verdict::Ok),
            (friends.to_owned(), Verdict::Ok),
            (format!("{blocklist}{app}{friends}"), Verdict::Warning),
            (format!("{own}{accept}"), Verdict::Warning),
            (format!("{blocklist}{app}"), Verdict::Warning),
        ] {
            let filters = filters("iptables-legacy", &rules);
            let mut checked = checked(None);
            checked.coming = vec![coming("10.0.0.11", None)];
            let judged = |checked: &Checked| {
                let one = std::slice::from_ref(checked);
                points("web", Some(&filters), one).remove(0).verdict
            };
            assert_eq!(judged(&checked), Verdict::Warning, "{rules}: not known");
            checked.coming[0].led = true;
            assert_eq!(judged(&checked), verdict, "{rules}");
        }
    }

    #[test]
    fn a_port_is_let_in_where_it_is_dropped() {
        let packet = |to: &str| Packet {
            port: 1000,
            ..coming(to, None).packet
        };
        let mut dropping = filters("iptables-legacy", "");
        let line = "iptables-legacy -I INPUT -p tcp --dport 1000 -j ACCEPT".to_owned();
        assert_eq!(dropping.let_in(&packet("10.0.0.11")), Some(line));
        assert_eq!(dropping.let_in(&packet("fd00::11")), None);
        let native = r#"{"nftables": [{"chain": {"family": "inet", "table": "fw", "name": "in",
            "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"#;
        dropping.nft = Ruleset::parse(native).map(Some);
        let line = "nft insert rule inet fw in tcp dport 1000 accept".to_owned();
        assert_eq!(dropping.let_in(&packet("fd00::11")), Some(line));
    }

    #[test]
    fn the_line_for_a_firewall_on_the_way_is_of_the_checks_family() {
        let mut checked = checked(Some(&["L4TOUT"]));
        checked.coming = vec![coming("fd00::11", None)];
        let point = points("web", Some(&nothing()), &[checked]).remove(0);
        assert!(point.mend.unwrap().contains(": ip6tables -I INPUT"));
    }
}
