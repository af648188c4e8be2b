//! What a match of nft's asks for, held against what is known of the packet.

use super::text;
use crate::doctor::firewall::iptables::within;
use crate::doctor::firewall::walk::{Applies, Packet};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The elements of named sets and maps.
pub struct Sets<'a>(pub BTreeMap<&'a str, &'a Value>);

/// What is known of the packet in the place that a match asks for.
pub enum Known<'a> {
    Number(u16),
    Address(IpAddr),
    /// One of the words that stand for it.
    Word(&'a str),
    /// Of another protocol or family.
    NotThere,
    /// Of several places together, `ip daddr . tcp dport`.
    Together(Vec<Known<'a>>),
    Nothing,
}

impl<'a> Known<'a> {
    /// What `left` asks for.
    pub fn of(left: &Value, packet: &'a Packet) -> Known<'a> {
        let address = |address: Option<IpAddr>, v6: bool| match address {
            Some(address) if address.is_ipv6() == v6 => Known::Address(address),
            None if packet.is_v6() == v6 => Known::Nothing,
            _ => Known::NotThere,
        };
        if let Some(parts) = left["concat"].as_array() {
            let parts = parts.iter().map(|part| Known::of(part, packet));
            return Known::Together(parts.collect());
        }
        let (payload, meta) = (&left["payload"], &left["meta"]);
        match (text(payload, "protocol"), text(payload, "field")) {
            ("tcp" | "th", "dport") => return Known::Number(packet.port),
            ("tcp", "flags") => return Known::Word("syn"),
            ("tcp" | "th", _) => return Known::Nothing,
            ("ip", "protocol") if !packet.is_v6() => return Known::Word("tcp"),
            ("ip6", "nexthdr") if packet.is_v6() => return Known::Word("tcp"),
            (family @ ("ip" | "ip6"), "saddr") => return address(packet.from, family == "ip6"),
            (family @ ("ip" | "ip6"), "daddr") => return address(packet.to, family == "ip6"),
            (
                "udp" | "udplite" | "icmp" | "icmpv6" | "igmp" | "sctp" | "dccp" | "esp" | "ah",
                _,
            ) => {
                return Known::NotThere;
            }
            _ => {}
        }
        match text(meta, "key") {
            "l4proto" => return Known::Word("tcp"),
            "nfproto" if packet.is_v6() => return Known::Word("ipv6"),
            "nfproto" => return Known::Word("ipv4"),
            "protocol" if packet.is_v6() => return Known::Word("ip6"),
            "protocol" => return Known::Word("ip"),
            "iifname" | "iif" => {
                return packet
                    .interface
                    .as_deref()
                    .map_or(Known::Nothing, Known::Word);
            }
            _ => {}
        }
        if text(&left["ct"], "key") == "state" {
            return Known::Word("new");
        }
        // `fib daddr type`, and flags under a mask that has SYN in it.
        if text(&left["fib"], "result") == "type"
            && left["fib"]["flags"] == serde_json::json!(["daddr"])
        {
            return Known::Word("local");
        }
        let masked = &left["&"];
        match (text(&masked[0]["payload"], "field"), masked[1].as_array()) {
            ("flags", Some(mask)) if mask.iter().any(|flag| flag == "syn") => Known::Word("syn"),
            _ => Known::Nothing,
        }
    }

    /// Whether it is what stands on the right: a value, a range, a network, a set of those.
    pub fn is(&self, right: &Value, sets: &Sets) -> Applies {
        let named = right.as_str().is_some_and(|name| name.starts_with('@'));
        let several = named || right.is_array() || right.get("set").is_some();
        if let Known::NotThere = self {
            return Applies::No;
        }
        if several {
            let each = sets.elements(right).into_iter();
            // No set of that name is listed: nobody knows.
            let missing = named && !sets.0.contains_key(&text_of(right)[1..]);
            return match missing {
                true => Applies::Maybe,
                false => surest(each.map(|one| self.is(one, sets)), self.most()),
            };
        }
        let right = right.pointer("/elem/val").unwrap_or(right);
        match self {
            Known::Number(number) => is_port(right, *number),
            Known::Address(_) if right.get("range").is_some() => Applies::Maybe,
            Known::Address(address) => {
                let (base, length) = (&right["prefix"]["addr"], &right["prefix"]["len"]);
                match base.as_str() {
                    Some(base) => within(Some(*address), &format!("{base}/{length}")),
                    None => within(Some(*address), text_of(right)),
                }
            }
            Known::Word(word) => match (text_of(right), right.as_u64()) {
                (one, _) if one.ends_with('*') => {
                    word.starts_with(one.trim_end_matches('*')).into()
                }
                // Protocol numbers; others are not compared.
                (_, Some(6)) if *word == "tcp" => Applies::Yes,
                ("", _) => Applies::Maybe,
                (one, _) => (one == *word).into(),
            },
            Known::Together(parts) => match right["concat"].as_array() {
                Some(all) if all.len() == parts.len() => {
                    let each = parts.iter().zip(all).map(|(part, one)| part.is(one, sets));
                    each.min().unwrap_or(Applies::Maybe)
                }
                _ => Applies::Maybe,
            },
            Known::NotThere => Applies::No,
            Known::Nothing => Applies::Maybe,
        }
    }

    /// As surely as any match can apply.
    fn most(&self) -> Applies {
        match self {
            Known::Nothing => Applies::Maybe,
            _ => Applies::Yes,
        }
    }

    /// By `<` and its like.
    pub fn compares(&self, op: &str, right: &Value) -> Applies {
        let (Known::Number(number), Some(right)) = (self, right.as_u64()) else {
            return match self {
                Known::NotThere => Applies::No,
                _ => Applies::Maybe,
            };
        };
        let number = u64::from(*number);
        match op {
            "<" => (number < right).into(),
            ">" => (number > right).into(),
            "<=" => (number <= right).into(),
            ">=" => (number >= right).into(),
            _ => Applies::Maybe,
        }
    }
}

/// Up to the first that no other can outdo: a set may have 250,000 elements.
fn surest(mut each: impl Iterator<Item = Applies>, most: Applies) -> Applies {
    let mut surest = Applies::No;
    while surest < most
        && let Some(one) = each.next()
    {
        surest = surest.max(one);
    }
    surest
}

fn is_port(right: &Value, port: u16) -> Applies {
    let port = u64::from(port);
    let bounds = (right["range"][0].as_u64(), right["range"][1].as_u64());
    match (right.as_u64(), bounds) {
        (Some(one), _) => (one == port).into(),
        (None, (Some(low), Some(high))) => (low..=high).contains(&port).into(),
        _ => Applies::Maybe,
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl<'a> Sets<'a> {
    /// None: no set of that name is listed.
    pub fn listed(&self, value: &'a Value) -> Option<Vec<&'a Value>> {
        let named = value.as_str().and_then(|name| name.strip_prefix('@'));
        let missing = named.is_some_and(|name| !self.0.contains_key(name));
        (!missing).then(|| self.elements(value))
    }

    /// Those of a list, of `{set: [...]}`, or of a set by its name, `@friends`.
    pub fn elements(&self, value: &'a Value) -> Vec<&'a Value> {
        let named = value.as_str().and_then(|name| name.strip_prefix('@'));
        let value = match named {
            Some(name) => self.0.get(name).copied().unwrap_or(&Value::Null),
            None => value.get("set").unwrap_or(value),
        };
        value.as_array().into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Applies::{Maybe, No, Yes};

    #[test]
    fn what_no_other_outdoes_ends_the_search() {
        let of = |first: &[Applies], most| {
            let unread = std::iter::once_with(|| panic!("one too many"));
            surest(first.iter().copied().chain(unread), most)
        };
        assert_eq!(of(&[No, Maybe, Yes], Yes), Yes);
        assert_eq!(of(&[Maybe], Maybe), Maybe);
        assert_eq!(surest([No, Maybe].into_iter(), Yes), Maybe);
        assert_eq!(surest([].into_iter(), Maybe), No);
    }
}
