//! What the kernel tracks: redirected connections, and the source of checks on a status port.

use super::{block_on, firewall, gate, set};
use haproxy_gate::gate::{Destination, Flow, Variant, flows};
use haproxy_gate::haproxy::Role;
use lab::own_network::{inside, sh};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

fn of(port: u16) -> Vec<Flow> {
    block_on(flows(vec![port])).unwrap()
}

/// A container publishes a port with such a DNAT.
#[test]
fn a_redirected_connection_is_listed_while_it_lives() {
    if !inside("tracked::a_redirected_connection_is_listed_while_it_lives") {
        return;
    }
    sh(
        "iptables-nft -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport 1000 -j DNAT --to 127.0.0.2:8080
        ip6tables-nft -t nat -A OUTPUT -p tcp -d ::1 --dport 1000 -j DNAT --to [::1]:8080",
    );
    let container = TcpListener::bind("127.0.0.2:8080").unwrap();
    let peer = TcpStream::connect("127.0.0.1:1000").unwrap();
    let (app, _) = container.accept().unwrap();
    let expected = Flow {
        peer: peer.local_addr().unwrap(),
        to: "127.0.0.1:1000".parse().unwrap(),
        answered_by: "127.0.0.2:8080".parse().unwrap(),
        alive: true,
    };
    assert_eq!(of(1000), [expected]);
    assert!(expected.is_redirected(1000, &[]) && !expected.is_redirected(8080, &[]));
    // A redirect to the same port on another local address stays in the host's table.
    let answered_by = "10.0.0.12:1000".parse().unwrap();
    let moved = Flow {
        answered_by,
        ..expected
    };
    assert!(moved.is_redirected(1000, &[]) && !moved.is_redirected(1000, &[answered_by.ip()]));
    // The port is parked on the container, or on another port of this host.
    let place = |text: &str| Destination::Address(text.parse().unwrap());
    assert!(expected.is_brought_to(place("127.0.0.2:8080"), &[]));
    assert!(!expected.is_brought_to(place("127.0.0.3:8080"), &[]));
    assert!(expected.is_brought_to(Destination::Port(8080), &[]));
    assert!(!expected.is_brought_to(Destination::Port(1000), &[]));
    let there = SocketAddr::new([10, 0, 0, 12].into(), 8080);
    let outside = Flow {
        answered_by: there,
        ..expected
    };
    assert!(!outside.is_brought_to(Destination::Port(8080), &[]));
    assert!(outside.is_brought_to(Destination::Port(8080), &[there.ip()]));
    assert_eq!(of(1001), []);
    drop((app, peer));
    let ended = || of(1000).iter().all(|flow| !flow.alive);
    let began = std::time::Instant::now();
    while !ended() {
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", of(1000));
        std::thread::sleep(Duration::from_millis(10));
    }
    // A connection to a parked port is in the host's table by the other port.
    let _app = TcpListener::bind("[::1]:8080").unwrap();
    let _peer = TcpStream::connect("[::1]:1000").unwrap();
    let of_v6 = of(1000).into_iter().find(|flow| flow.to.is_ipv6()).unwrap();
    assert!(of_v6.alive && of_v6.is_redirected(1000, &[]), "{of_v6:?}");
}

/// A refused check leaves no entry: the kernel forgets it with the answer.
#[test]
fn a_check_of_an_open_gate_is_listed_for_a_while() {
    if !inside("tracked::a_check_of_an_open_gate_is_listed_for_a_while") {
        return;
    }
    let (firewall, main) = (firewall(Variant::Nft), gate(Role::Main, 2000));
    let app = TcpListener::bind("0.0.0.0:1000").unwrap();
    set(&firewall, &main, true);
    let check = TcpStream::connect("127.0.0.1:2000").unwrap();
    let from = check.local_addr().unwrap();
    drop((app.accept().unwrap(), check));
    set(&firewall, &main, false);
    TcpStream::connect("127.0.0.1:2000").unwrap_err();
    let peers: Vec<_> = of(2000).iter().map(|flow| flow.peer).collect();
    assert_eq!(peers, [from]);
}
