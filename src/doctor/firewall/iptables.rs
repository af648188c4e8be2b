//! The filter table as `iptables -S` prints it, judged for one packet. An option that is not
//! known here may apply or not.

use super::walk::{Applies, Base, Chains, Packet, Step, Verdict};
use crate::gate::{Listing, Rule};
use std::net::IpAddr;

/// Where what comes in is filtered.
const INPUT: &str = "INPUT";

/// Targets after which the next rule is asked.
const GO_ON: [&str; 11] = [
    "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "SECMARK", "CT", "SET", "TRACE", "AUDIT", "TCPMSS",
];

/// The chains, and the one that is called for what comes in.
pub fn chains(listing: &Listing, packet: &Packet) -> (Chains, Base) {
    let mut chains = Chains::new();
    for rule in listing.rules() {
        let steps = chains.entry(rule.chain.clone()).or_default();
        steps.push(step(rule, listing, packet));
    }
    let policy = listing.policy(INPUT).unwrap_or("ACCEPT");
    let base = Base {
        chain: INPUT.to_owned(),
        policy: if policy == "DROP" {
            Verdict::Drop
        } else {
            Verdict::Accept
        },
        text: format!("-P {INPUT} {policy}"),
    };
    (chains, base)
}

fn step(rule: &Rule, listing: &Listing, packet: &Packet) -> Step {
    let mut step = Step {
        applies: Applies::Yes,
        verdict: Verdict::GoOn,
        text: rule.to_string(),
    };
    let mut words = rule.words().iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let (negated, option) = match word {
            "!" => (true, words.next().unwrap_or_default()),
            option => (false, option),
        };
        if let "-j" | "-g" = option {
            let target = words.next().unwrap_or_default();
            step.verdict = verdict(target, option == "-g", listing);
            break; // What follows is the target's own.
        }
        if option == "--comment" {
            words.next(); // Whatever it begins with.
            continue;
        }
        let mut values = Vec::new();
        while let Some(value) = words.next_if(|word| !word.starts_with('-') && *word != "!") {
            values.push(value);
        }
        let applies = option_applies(option, &values, packet);
        let applies = if negated { applies.negated() } else { applies };
        step.applies = step.applies.min(applies);
    }
    step
}

fn verdict(target: &str, goes: bool, listing: &Listing) -> Verdict {
    match target {
        "ACCEPT" => Verdict::Accept,
        "DROP" => Verdict::Drop,
        "REJECT" => Verdict::Refuse,
        "RETURN" => Verdict::Return,
        chain if listing.has_chain(chain) && goes => Verdict::Goto(chain.to_owned()),
        chain if listing.has_chain(chain) => Verdict::Jump(chain.to_owned()),
        target if GO_ON.contains(&target) => Verdict::GoOn,
        _ => Verdict::Unknown,
    }
}

fn option_applies(option: &str, values: &[&str], packet: &Packet) -> Applies {
    let value = values.first().copied().unwrap_or_default();
    let listed = |word: &str| value.split(',').any(|one| one == word).into();
    match option {
        // A module by its name decides nothing yet; its options do. Those without any:
        "-m" => matches!(
            value,
            "tcp" | "comment" | "conntrack" | "state" | "multiport" | "addrtype"
        )
        .then_some(Applies::Yes)
        .unwrap_or(Applies::Maybe),
        "-p" => matches!(value, "tcp" | "6" | "all").into(),
        "-s" => within(packet.from, value),
        "-d" => within(packet.to, value),
        "-i" => interface(packet, value),
        "--dport" | "--dports" => ports(value, packet.port),
        "--ctstate" | "--state" => listed("NEW"),
        "--dst-type" => listed("LOCAL"),
        // The first packet of a connection has SYN alone.
        "--tcp-flags" => {
            let asked = |word: &str| word.split(',').any(|flag| flag == "SYN" || flag == "ALL");
            match values {
                [mask, "NONE"] => Applies::from(!asked(mask)),
                [mask, set] => Applies::from(asked(mask) && *set == "SYN"),
                _ => Applies::Maybe,
            }
        }
        _ => Applies::Maybe,
    }
}

/// Whether the address is in the network, which is `ADDRESS/PREFIX` or an address alone.
pub fn within(address: Option<IpAddr>, network: &str) -> Applies {
    let (base, length) = network.split_once('/').unwrap_or((network, ""));
    let (Some(address), Ok(base)) = (address, base.parse::<IpAddr>()) else {
        return Applies::Maybe;
    };
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let ((ours, width), (base, width_of_base)) = (bits(address), bits(base));
    let length = match (length, length.parse::<u32>()) {
        ("", _) => width,
        (_, Ok(length)) if length <= width => length,
        _ => return Applies::Maybe, // A mask with holes.
    };
    let kept = |bits: u128| bits.checked_shr(width - length).unwrap_or(0);
    (width == width_of_base && kept(ours) == kept(base)).into()
}

fn interface(packet: &Packet, name: &str) -> Applies {
    match (&packet.interface, name.strip_suffix('+')) {
        (None, _) => Applies::Maybe,
        (Some(interface), Some(beginning)) => interface.starts_with(beginning).into(),
        (Some(interface), None) => (interface == name).into(),
    }
}

fn ports(list: &str, port: u16) -> Applies {
    let is_in = |range: &str| {
        let (low, high) = range.split_once(':').unwrap_or((range, range));
        Some((low.parse::<u16>().ok()?..=high.parse().ok()?).contains(&port))
    };
    let ranges: Option<Vec<bool>> = list.split(',').map(is_in).collect();
    ranges.map_or(Applies::Maybe, |ranges| ranges.contains(&true).into())
}

#[cfg(test)]
mod tests {
    use super::super::walk::{Fate, fate};
    use super::*;

    fn packet() -> Packet {
        Packet {
            port: 2000,
            to: "10.0.0.11".parse().ok(),
            from: "10.0.0.1".parse().ok(),
            interface: Some("eth0".into()),
        }
    }

    fn judged(packet: &Packet, policy: &str, rules: &str) -> Option<Fate> {
        let text = format!("-P INPUT {policy}\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N X\n{rules}");
        let (chains, base) = chains(&Listing::parse_any(&text).unwrap(), packet);
        fate(&chains, &base)
    }

    #[test]
    fn a_rule_applies_to_the_check_or_not() {
        use Applies::*;
        for (rule, applies) in [
            ("", Yes),
            ("-p tcp", Yes),
            ("-p udp", No),
            ("! -p udp", Yes),
            ("-s 10.0.0.0/24 -p tcp", Yes),
            ("! -s 10.0.0.1/32", No),
            ("-s 10.0.1.0/24", No),
            ("-s fd00::/8", No),
            ("-d 10.0.0.11/32", Yes),
            ("-i eth0", Yes),
            ("-i eth+", Yes),
            ("-i lo", No),
            ("-p tcp -m tcp --dport 2000", Yes),
            ("-p tcp -m tcp --dport 1000:1999", No),
            ("-p tcp -m multiport --dports 22,1999:2001", Yes),
            ("-p tcp -m multiport ! --dports 22,2000", No),
            ("-m conntrack --ctstate RELATED,ESTABLISHED", No),
            ("-m conntrack --ctstate INVALID", No),
            ("-m state --state NEW,ESTABLISHED", Yes),
            ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", Yes),
            ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK NONE", No),
            ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", No),
            ("-m addrtype --dst-type LOCAL", Yes),
            ("-m addrtype --dst-type BROADCAST", No),
            ("-m comment --comment \"it's -j mine\"", Yes),
            ("-m limit --limit 3/min", Maybe),
            ("-m set --match-set friends src", Maybe),
            ("-m set ! --match-set friends src -p udp", No),
            ("-p tcp -m tcp --sport 1024:65535", Maybe),
            ("-m mark --mark 0x1/0x1", Maybe),
        ] {
            let text = format!("-N INPUT\n-A INPUT {rule} -j ACCEPT\n");
            let listing = Listing::parse_any(&text).unwrap();
            let (chains, _) = chains(&listing, &packet());
            let step = &chains["INPUT"][0];
            assert_eq!(
                (step.applies, &step.verdict),
                (applies, &Verdict::Accept),
                "{rule}"
            );
        }
    }

    #[test]
    fn what_is_not_known_of_the_packet_may_apply() {
        let unknown = Packet {
            port: 2000,
            to: None,
            from: None,
            interface: None,
        };
        for rule in ["-s 10.0.0.0/8", "-i eth0", "-d 10.0.0.11/32"] {
            let rules = format!("-A INPUT {rule} -j ACCEPT\n");
            let drop = Some(Fate::Unsure("-P INPUT DROP".into()));
            assert_eq!(judged(&unknown, "DROP", &rules), drop, "{rule}");
        }
    }

    /// As ufw sets it up (Debian 12, shortened).
    #[test]
    fn a_firewall_that_lets_in_what_it_names_drops_the_rest() {
        let ufw = "-A INPUT -i lo -j ACCEPT\n\
            -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
            -A INPUT -j X\n\
            -A X -m addrtype --dst-type LOCAL -j RETURN\n\
            -A X -m limit --limit 3/min -j RETURN\n\
            -A X -j DROP\n\
            -A INPUT -p tcp -m tcp --dport 1000 -j ACCEPT\n";
        let dropped = Some(Fate::Dropped("-P INPUT DROP".into()));
        assert_eq!(judged(&packet(), "DROP", ufw), dropped);
        assert_eq!(judged(&packet(), "ACCEPT", ufw), None);
        let mended =
            format!("{ufw}-A INPUT -p tcp --dport 2000 -j REJECT --reject-with tcp-reset\n");
        assert_eq!(judged(&packet(), "DROP", &mended), Some(Fate::Seen));
        let last = format!("{ufw}-A INPUT -g X\n-A INPUT -j ACCEPT\n");
        assert_eq!(
            judged(&packet(), "DROP", &last),
            dropped,
            "a goto's chain ends INPUT"
        );
        let by_rule = format!("{ufw}-A INPUT -j DROP\n");
        let rule = Some(Fate::Dropped("-A INPUT -j DROP".into()));
        assert_eq!(judged(&packet(), "ACCEPT", &by_rule), rule);
    }
}
