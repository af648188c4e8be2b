//! `min_available`: how many other servers must be left while this host is out.

use std::fmt;

/// The other usable servers that must be left in each backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// So many. 0: none is counted.
    Servers(usize),
    /// A share of all servers of the backend, this host's too, rounded up. With 50% of 3 hosts 2
    /// must be UP while this host is out.
    Percent(u8),
}

impl Floor {
    /// How many these are in a backend of so many servers.
    pub fn of(self, servers: usize) -> usize {
        match self {
            Floor::Servers(floor) => floor,
            Floor::Percent(percent) => servers.saturating_mul(usize::from(percent)).div_ceil(100),
        }
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Floor::Servers(floor) => write!(f, "{floor}"),
            Floor::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Floor::{Percent, Servers};

    #[test]
    fn a_share_of_the_hosts_is_rounded_up() {
        for (floor, servers, left) in [
            (Percent(50), 1, 1),
            (Percent(50), 2, 1),
            (Percent(50), 3, 2),
            (Percent(50), 4, 2),
            (Percent(1), 3, 1),
            (Percent(67), 3, 3),
            (Percent(66), 3, 2),
            (Percent(99), 40, 40),
            (Servers(2), 40, 2),
            (Servers(0), 3, 0),
        ] {
            assert_eq!(floor.of(servers), left, "{floor} of {servers}");
        }
    }
}
