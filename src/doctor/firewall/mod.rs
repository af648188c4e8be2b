//! Whether this host's firewall answers a check that meets a closed gate. An open gate's
//! checks come to INPUT with the app's own port, a closed one's with the status port.

mod filters;
mod iptables;
mod leads;
mod nft;
mod walk;

pub use filters::{Filters, program};
pub use nft::Ruleset;
pub use walk::Packet;

use super::Point;
use super::check::Check;
use crate::gate::Gate;
use filters::{Answer, Place};
use walk::Fate;

const CHECK: Check = Check {
    name: "firewall",
    why: "a refused check is seen at once, a dropped one only after the check's timeout: \
          until then HAProxy sends users to a host that is about to restart",
};

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

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::gate::{Family, Iptables, Listing};
    use crate::haproxy::Role;

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
                role: Role::Main,
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
        let admins = "-A INPUT -s 10.5.0.0/16 -j ACCEPT\n";
        let balancers = "-A INPUT -s 10.0.1.0/24 -p tcp -m tcp --dport 1000 -j ACCEPT\n";
        for (rules, verdict) in [
            (format!("{blocklist}{accept}"), Verdict::Ok),
            (friends.to_owned(), Verdict::Ok),
            (format!("{blocklist}{app}{friends}"), Verdict::Warning),
            (format!("{own}{accept}"), Verdict::Warning),
            (format!("{blocklist}{app}"), Verdict::Warning),
            (format!("{admins}{balancers}"), Verdict::Warning),
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
