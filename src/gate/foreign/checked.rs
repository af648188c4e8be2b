//! The addresses that HAProxy checks.

use crate::gate::iptables::Family;
use crate::gate::nft::NativeTable;
use crate::gate::rule::{Destination, Listed, Target};
use std::net::IpAddr;

/// The addresses of this host that HAProxy checks. Empty: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked(pub Vec<IpAddr>);

impl Checked {
    /// A check may come by this family.
    pub(super) fn by(&self, family: Family) -> bool {
        self.0.is_empty() || self.0.iter().any(|ip| Family::of(*ip) == family)
    }

    /// A check may come by the family of this native rule. A table `inet` has rules of both, and a
    /// rule that translates to an address is of its family.
    pub(super) fn by_rule(&self, table: &NativeTable, listed: &Listed) -> bool {
        let family = match (table.family.as_str(), &listed.rule.target) {
            ("ip", _) => Some(Family::V4),
            ("ip6", _) => Some(Family::V6),
            (_, Target::Redirect(Destination::Address(to))) => Some(Family::of(to.ip())),
            (_, Target::Translate(text)) => {
                let ip = text.strip_prefix("dnat ").and_then(|to| to.parse().ok());
                ip.map(Family::of)
            }
            _ => None,
        };
        family.is_none_or(|family| self.by(family))
    }
}
