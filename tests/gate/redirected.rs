//! A gate to another place than the app's port: a health service, or a container behind the host.

use super::networks::{inside_of, networks};
use super::{VARIANTS, answers, firewall, gate, position, set};
use haproxy_gate::gate::{Destination, Gate, Position};
use haproxy_gate::haproxy::Role;
use lab::namespace::Namespace;
use lab::own_network::{inside, sh};
use std::net::{SocketAddr, TcpListener};

fn to(place: &str) -> Gate {
    Gate {
        to: Destination::Address(place.parse().unwrap()),
        ..gate(Role::Main, 2000)
    }
}

/// Whether the balancer's check reaches a listener. A refusal must come at once.
fn check(balancer: &Namespace, address: &str) -> bool {
    inside_of(balancer, || answers(&at(address)))
}

fn at(address: &str) -> String {
    SocketAddr::new(address.parse().unwrap(), 2000).to_string()
}

/// The container's app, on both families.
fn container_app(network: &Namespace) -> TcpListener {
    inside_of(network, || TcpListener::bind("[::]:8080").unwrap())
}

/// Checks of the balancer and of this host reach the container, in the family of its address. In
/// the other one they are refused.
#[test]
fn a_gate_redirects_to_a_container_in_its_family() {
    if !inside("redirected::a_gate_redirects_to_a_container_in_its_family") {
        return;
    }
    let [balancer, container] = networks();
    let _app = container_app(&container);
    for (variant, name) in VARIANTS {
        for (place, own, other) in [
            ("172.17.0.2:8080", "10.0.0.1", "fd01::1"),
            ("[fd17::2]:8080", "fd01::1", "10.0.0.1"),
        ] {
            let (firewall, main) = (firewall(variant), to(place));
            for _ in 0..2 {
                set(&firewall, &main, true);
                assert_eq!(position(&firewall, &main), Position::Open, "{name} {place}");
                let check = |address| check(&balancer, address);
                assert_eq!([own, other].map(check), [true, false], "{name} {place}");
                assert!(answers(&at(own)), "{name} {place}: a check of this host");
                set(&firewall, &main, false);
                assert_eq!(position(&firewall, &main), Position::Closed);
                assert_eq!([own, other].map(check), [false, false], "{name} {place}");
            }
            sh(&format!(
                "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
            ));
        }
    }
}

/// With another setting the old rule goes, in both families, and no check is lost.
#[test]
fn a_gate_moves_from_a_port_to_an_address_and_back() {
    if !inside("redirected::a_gate_moves_from_a_port_to_an_address_and_back") {
        return;
    }
    let [balancer, container] = networks();
    let _contained = container_app(&container);
    let _app = TcpListener::bind("[::]:1000").unwrap();
    let both = || ["10.0.0.1", "fd01::1"].map(|address| check(&balancer, address));
    for (variant, name) in VARIANTS {
        let (firewall, port) = (firewall(variant), gate(Role::Main, 2000));
        let contained = to("172.17.0.2:8080");
        for (gate, v6) in [(&port, true), (&contained, false), (&port, true)] {
            set(&firewall, gate, true);
            assert_eq!(position(&firewall, gate), Position::Open, "{name} {gate}");
            assert_eq!(both(), [true, v6], "{name} {gate}");
        }
        let Position::Broken(why) = position(&firewall, &contained) else {
            panic!("{name}: the rules are those of the port");
        };
        assert!(
            why.starts_with("a rule of an earlier configuration: "),
            "{why}"
        );
        set(&firewall, &contained, false);
        assert_eq!(both(), [false, false], "{name}");
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}
