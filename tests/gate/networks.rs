//! Two networks behind this host: a balancer's and a container's.

use lab::namespace::Namespace;
use lab::own_network::sh;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The balancer's and the container's network, each with a cable to this host.
pub(crate) fn networks() -> [Namespace; 2] {
    let here = |lines: &str| {
        for line in lines.lines() {
            sh(&format!("ip {line}"));
        }
    };
    let networks = [("lb", "10.0.0", "fd01"), ("box", "172.17.0", "fd17")];
    let networks = networks.map(|(name, v4, v6)| {
        let network = Namespace::create(name.to_owned());
        here(&format!(
            "link add to-{name} type veth peer name eth0 netns {name}
             addr add {v4}.1/24 dev to-{name}
             addr add {v6}::1/64 dev to-{name} nodad
             link set to-{name} up"
        ));
        network.ip(&format!(
            "addr add {v4}.2/24 dev eth0\n\
             addr add {v6}::2/64 dev eth0 nodad\n\
             link set eth0 up\n\
             route add default via {v4}.1\n\
             route add ::/0 via {v6}::1\n"
        ));
        network
    });
    sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    networks
        .iter()
        .zip(["fd01::1", "fd17::1"])
        .for_each(|(network, host)| reaches(network, host));
    networks
}

/// Waits until the new cable works: IPv6 takes a moment longer than IPv4.
fn reaches(network: &Namespace, host: &str) {
    let began = Instant::now();
    let host = SocketAddr::new(host.parse().unwrap(), 2000);
    let connect = || TcpStream::connect_timeout(&host, Duration::from_millis(50)).unwrap_err();
    while inside_of(network, connect).kind() != ErrorKind::ConnectionRefused {
        assert!(began.elapsed() < Duration::from_secs(10), "{host}");
    }
}

pub(crate) fn inside_of<T: Send>(network: &Namespace, work: impl FnOnce() -> T + Send) -> T {
    lab::namespace::inside(&network.path(), work).unwrap()
}
