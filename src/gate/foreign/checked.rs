//! The addresses that HAProxy checks.

use crate::gate::iptables::Family;
use std::net::IpAddr;

/// The addresses of this host that HAProxy checks. Empty: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked(pub Vec<IpAddr>);

impl Checked {
    /// A check may come by this family.
    pub(super) fn by(&self, family: Family) -> bool {
        let is_v4 = family == Family::V4;
        self.0.is_empty() || self.0.iter().any(|ip| ip.is_ipv4() == is_v4)
    }
}
