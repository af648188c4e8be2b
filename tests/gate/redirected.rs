//! A gate to another place than the app's port: a health service, or a container behind the host.

use super::{VARIANTS, answers, firewall, gate, position, set};
use haproxy_gate::gate::{Destination, Gate, Position};
use haproxy_gate::haproxy::Role;
use lab::own_network::{inside, sh};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// The balancer's and the container's network, each with a cable to this host.
const NETWORKS: &str = "
    for it in lb:10.0.0:fd01 box:172.17.0:fd17; do
        IFS=: read name v4 v6 <<< $it
        mkdir -p /run/netns; ip netns add $name
        ip link add to-$name type veth peer name eth0 netns $name
        ip addr add $v4.1/24 dev to-$name; ip -6 addr add $v6::1/64 dev to-$name nodad
        ip link set to-$name up
        ip -n $name addr add $v4.2/24 dev eth0; ip -n $name -6 addr add $v6::2/64 dev eth0 nodad
        ip -n $name link set eth0 up; ip -n $name link set lo up
        ip -n $name route add default via $v4.1; ip -n $name -6 route add default via $v6::1
    done
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1";

fn to(place: &str) -> Gate {
    Gate {
        to: Destination::Address(place.parse().unwrap()),
        ..gate(Role::Main, 2000)
    }
}

/// Whether the balancer's check reaches a listener: `yes`, `refused`, or `dropped`.
fn check(address: &str) -> String {
    let connect = "import socket, sys
try: socket.create_connection((sys.argv[1], 2000), 1).close(); print('yes')
except ConnectionRefusedError: print('refused')
except OSError: print('dropped')";
    let netns = ["netns", "exec", "lb", "python3", "-c", connect, address];
    let output = Command::new("ip").args(netns).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Container(Child);

impl Drop for Container {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait().map(drop)).ok();
    }
}

/// A container's app, on both families.
fn container() -> Container {
    let serve = "import socket
s = socket.create_server(('::', 8080), family=socket.AF_INET6, dualstack_ipv6=True)
print('up', flush=True)
while True: s.accept()[0].close()";
    let mut child = Command::new("ip")
        .args(["netns", "exec", "box", "python3", "-c", serve])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut up = [0; 2];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut up).unwrap();
    Container(child)
}

/// Checks of the balancer and of this host reach the container, in the family of its address. In
/// the other one they are refused.
#[test]
fn a_gate_redirects_to_a_container_in_its_family() {
    if !inside("redirected::a_gate_redirects_to_a_container_in_its_family") {
        return;
    }
    sh(&format!("bash -ec '{NETWORKS}'"));
    let _container = container();
    for (variant, name) in VARIANTS {
        for (place, own, other) in [
            ("172.17.0.2:8080", "10.0.0.1", "fd01::1"),
            ("[fd17::2]:8080", "fd01::1", "10.0.0.1"),
        ] {
            let (firewall, main) = (firewall(variant), to(place));
            for _ in 0..2 {
                set(&firewall, &main, true);
                assert_eq!(position(&firewall, &main), Position::Open, "{name} {place}");
                let seen = [own, other].map(check);
                assert_eq!(seen, ["yes", "refused"], "{name} {place}");
                let local = std::net::SocketAddr::new(own.parse().unwrap(), 2000).to_string();
                assert!(answers(&local), "{name} {place}: a check of this host");
                set(&firewall, &main, false);
                assert_eq!(position(&firewall, &main), Position::Closed);
                assert_eq!(
                    [own, other].map(check),
                    ["refused", "refused"],
                    "{name} {place}"
                );
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
    sh(&format!("bash -ec '{NETWORKS}'"));
    let _container = container();
    let _app = TcpListener::bind("[::]:1000").unwrap();
    for (variant, name) in VARIANTS {
        let (firewall, port) = (firewall(variant), gate(Role::Main, 2000));
        let container = to("172.17.0.2:8080");
        for (gate, v6) in [(&port, "yes"), (&container, "refused"), (&port, "yes")] {
            set(&firewall, gate, true);
            assert_eq!(position(&firewall, gate), Position::Open, "{name} {gate}");
            let seen = ["10.0.0.1", "fd01::1"].map(check);
            assert_eq!(seen, ["yes", v6], "{name} {gate}");
        }
        let Position::Broken(why) = position(&firewall, &container) else {
            panic!("{name}: the rules are those of the port");
        };
        assert!(why.contains("ip6tables"), "{why}");
        set(&firewall, &container, false);
        assert_eq!(
            ["10.0.0.1", "fd01::1"].map(check),
            ["refused", "refused"],
            "{name}"
        );
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}
