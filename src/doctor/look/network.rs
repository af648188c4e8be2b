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
    addresses: Vec<Interface>,
}

/// One address of an interface.
struct Interface {
    name: String,
    ip: IpAddr,
    /// Its subnet's; None: it was not told.
    mask: Option<IpAddr>,
}

impl Interface {
    /// getifaddrs names a labelled address by its label, `eth0:1`; rules, and the kernel, by
    /// the interface.
    fn new(label: &str, ip: IpAddr, mask: Option<IpAddr>) -> Interface {
        let name = label.split(':').next().unwrap_or(label);
        Interface {
            name: name.to_owned(),
            ip,
            mask,
        }
    }

    /// Whether that one is in its subnet.
    fn is_beside(&self, other: IpAddr) -> bool {
        match (self.ip, other, self.mask) {
            (IpAddr::V4(ip), IpAddr::V4(other), Some(IpAddr::V4(mask))) => {
                ip & mask == other & mask
            }
            (IpAddr::V6(ip), IpAddr::V6(other), Some(IpAddr::V6(mask))) => {
                ip & mask == other & mask
            }
            _ => false,
        }
    }
}

/// The way of one line's checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub to: Option<IpAddr>,
    pub from: Option<IpAddr>,
    pub interface: Option<String>,
    /// Where a redirect may lead; none: not known.
    pub led_to: Vec<IpAddr>,
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
            let label = &interface.interface_name;
            let mask = interface.netmask.and_then(ip_of);
            Some(Interface::new(label, ip_of(interface.address?)?, mask))
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
        let socket = haproxys(balancer.address()).await;
        self.way_by_tcp(to, socket, socket.and_then(facing))
    }

    /// `socket`: the address of HAProxy's stats socket. `facing`: the address here from which
    /// that is reached, where the line does not say its own.
    fn way_by_tcp(
        &self,
        to: Option<IpAddr>,
        socket: Option<IpAddr>,
        facing: Option<IpAddr>,
    ) -> Way {
        let ours = |ip: IpAddr| self.addresses.iter().find(|one| one.ip == ip);
        let to = to.filter(|to| ours(*to).is_some()).or(facing);
        let at = to.and_then(ours);
        let primary = self.addresses.iter().find(|one| {
            let same =
                at.is_some_and(|at| at.name == one.name && at.ip.is_ipv6() == one.ip.is_ipv6());
            same && !is_link_local(one.ip)
        });
        let primary = primary.map(|one| one.ip);
        // HAProxy runs here, or what stands here (a container's port, an address that moves)
        // only leads to it.
        if socket.is_some_and(|socket| socket.is_loopback() || ours(socket).is_some()) {
            let mut led_to = here(to).led_to;
            led_to.extend(primary.filter(|primary| !led_to.contains(primary)));
            return Way {
                to,
                led_to,
                ..Way::default()
            };
        }
        Way {
            to,
            // Its checks may leave by another address than the one it is asked at.
            from: socket.filter(|socket| at.is_some_and(|at| at.is_beside(*socket))),
            interface: at.map(|at| at.name.clone()),
            led_to: primary.into_iter().collect(),
        }
    }
}

fn ip_of(address: nix::sys::socket::SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
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
        led_to: vec![loopback],
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

    fn network() -> Network {
        let addresses = [
            ("lo", "127.0.0.1", "255.0.0.0"),
            ("eth0", "10.0.0.11", "255.255.255.0"),
            ("eth0:1", "10.0.0.12", "255.255.255.0"),
            ("eth0", "fe80::1", "ffff:ffff:ffff:ffff::"),
            ("eth0", "fd00::11", "ffff:ffff:ffff:ffff::"),
            ("eth1", "192.168.0.11", ""),
        ];
        let one = |(label, at, mask): (&str, &str, &str)| {
            Interface::new(label, at.parse().unwrap(), ip(mask))
        };
        Network {
            addresses: addresses.map(one).into(),
        }
    }

    fn way(to: &str, socket: &str, facing: &str) -> Way {
        network().way_by_tcp(ip(to), ip(socket), ip(facing))
    }

    fn led_to(way: &Way) -> Vec<String> {
        way.led_to.iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn a_redirect_leads_to_the_interfaces_first_address() {
        let second = way("10.0.0.12", "10.0.0.1", "10.0.0.11");
        assert_eq!(second.to, ip("10.0.0.12"));
        assert_eq!(led_to(&second), ["10.0.0.11"]);
        assert_eq!(second.interface.as_deref(), Some("eth0"), "not its label");
        let six = way("fd00::11", "10.0.0.1", "10.0.0.11");
        assert_eq!((six.from, led_to(&six)), (None, vec!["fd00::11".into()]));
        // Behind NAT the line's address is another's.
        let hidden = way("203.0.113.5", "192.168.0.1", "192.168.0.11");
        assert_eq!(hidden.to, ip("192.168.0.11"));
        assert_eq!(led_to(&hidden), ["192.168.0.11"]);
        assert_eq!(way("203.0.113.5", "", ""), Way::default());
    }

    #[test]
    fn checks_come_from_where_haproxy_is_asked_only_in_one_subnet() {
        let from = |socket: &str| way("10.0.0.11", socket, "10.0.0.11").from;
        assert_eq!(from("10.0.0.1"), ip("10.0.0.1"));
        assert_eq!(from("10.0.1.1"), None);
        assert_eq!(way("192.168.0.11", "192.168.0.1", "").from, None, "no mask");
    }

    #[test]
    fn a_haproxy_that_is_asked_at_our_own_address_may_be_here() {
        let own = way("10.0.0.12", "10.0.0.11", "10.0.0.11");
        assert_eq!(led_to(&own), ["127.0.0.1", "10.0.0.11"]);
        assert_eq!((own.from, own.interface), (None, None));
        let six = way("fd00::11", "127.0.0.1", "127.0.0.1");
        assert_eq!(led_to(&six), ["::1", "fd00::11"]);
    }

    #[test]
    fn what_comes_from_this_host_is_led_to_loopback() {
        assert_eq!(led_to(&here(ip("10.0.0.11"))), ["127.0.0.1"]);
        assert_eq!(led_to(&here(ip("fd00::11"))), ["::1"]);
        assert_eq!(here(None).to, ip("127.0.0.1"));
    }
}
