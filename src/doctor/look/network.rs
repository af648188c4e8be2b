//! How HAProxy's checks come in: to which address, from where, by which interface, and where
//! a redirect leads them.

use crate::doctor::firewall::Packet;
use crate::haproxy::{Address, Balancer, Own};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

/// A name is looked up within that.
const LOOK_UP: Duration = Duration::from_secs(2);

/// The interfaces' addresses in the kernel's order: the primary one of each comes first.
pub struct Network {
    addresses: Vec<(String, IpAddr)>,
}

/// The way of one line's checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub to: Option<IpAddr>,
    pub from: Option<IpAddr>,
    pub interface: Option<String>,
    /// Where a redirect at that interface leads.
    pub led_to: Option<IpAddr>,
}

impl Way {
    /// The first packet of a check of that port.
    pub fn packet(&self, port: u16) -> Packet {
        Packet {
            port,
            to: self.to,
            from: self.from,
            interface: self.interface.clone(),
        }
    }
}

impl Network {
    /// The interfaces as they are now.
    pub fn look() -> Network {
        let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
        let addresses = interfaces.filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            let ip = v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())));
            Some((interface.interface_name, ip?))
        });
        Network {
            addresses: addresses.collect(),
        }
    }

    /// Of a line of ours on a balancer.
    pub async fn way(&self, balancer: &Balancer, own: &Own) -> Way {
        let to = own.address.map(|address| address.ip());
        if balancer.is_here() || to.is_some_and(|to| to.is_loopback()) {
            return here(to);
        }
        let from = haproxys(balancer.address()).await;
        self.way_from_elsewhere(to, from, from.and_then(facing))
    }

    /// `facing`: the address here from which HAProxy is reached, where the line does not say
    /// its own.
    fn way_from_elsewhere(
        &self,
        to: Option<IpAddr>,
        from: Option<IpAddr>,
        facing: Option<IpAddr>,
    ) -> Way {
        let interface_of = |ip: IpAddr| {
            let mut all = self.addresses.iter();
            all.find(|(_, one)| *one == ip)
                .map(|(name, _)| name.clone())
        };
        let to = to.filter(|to| interface_of(*to).is_some()).or(facing);
        let interface = to.and_then(interface_of);
        let primary = self.addresses.iter().find(|(name, ip)| {
            let same = Some(name) == interface.as_ref();
            same && to.is_some_and(|to| to.is_ipv6() == ip.is_ipv6()) && !is_link_local(*ip)
        });
        Way {
            to,
            from: from.filter(|from| to.is_none_or(|to| to.is_ipv6() == from.is_ipv6())),
            led_to: primary.map(|(_, ip)| *ip),
            interface,
        }
    }
}

/// What comes from this host itself is led to loopback.
fn here(to: Option<IpAddr>) -> Way {
    let loopback = match to {
        Some(IpAddr::V6(_)) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    Way {
        to: to.or(Some(loopback)),
        from: to.or(Some(loopback)),
        interface: Some("lo".to_owned()),
        led_to: Some(loopback),
    }
}

async fn haproxys(address: &Address) -> Option<IpAddr> {
    let Address::Tcp(host) = address else {
        return None;
    };
    let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host(host)).await;
    Some(found.ok()?.ok()?.next()?.ip())
}

/// The address of ours that the kernel would use to reach that one. Nothing is sent.
fn facing(other: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match other {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((other, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn a_redirect_leads_to_the_interfaces_first_address() {
        let addresses = [
            ("lo", "127.0.0.1"),
            ("eth0", "10.0.0.11"),
            ("eth0", "10.0.0.12"),
            ("eth0", "fe80::1"),
            ("eth0", "fd00::11"),
            ("eth1", "192.168.0.11"),
        ];
        let addresses = addresses.map(|(name, ip)| (name.to_owned(), ip.parse().unwrap()));
        let network = Network {
            addresses: addresses.to_vec(),
        };
        let way = |to, from, facing| network.way_from_elsewhere(ip(to), ip(from), ip(facing));
        let second = way("10.0.0.12", "10.0.0.1", "10.0.0.11");
        assert_eq!(
            (second.to, second.led_to),
            (ip("10.0.0.12"), ip("10.0.0.11"))
        );
        assert_eq!(
            (second.from, second.interface.as_deref()),
            (ip("10.0.0.1"), Some("eth0"))
        );
        let six = way("fd00::11", "10.0.0.1", "10.0.0.11");
        assert_eq!((six.from, six.led_to), (None, ip("fd00::11")));
        // Behind NAT the line's address is another's.
        let hidden = way("203.0.113.5", "192.168.0.1", "192.168.0.11");
        assert_eq!(
            (hidden.to, hidden.led_to),
            (ip("192.168.0.11"), ip("192.168.0.11"))
        );
        assert_eq!(way("203.0.113.5", "", ""), Way::default());
    }

    #[test]
    fn what_comes_from_this_host_is_led_to_loopback() {
        assert_eq!(here(ip("10.0.0.11")).led_to, ip("127.0.0.1"));
        assert_eq!(here(ip("fd00::11")).led_to, ip("::1"));
        assert_eq!(here(None).to, ip("127.0.0.1"));
    }
}
