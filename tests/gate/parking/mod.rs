//! Parked ports with the real iptables: connections of a balancer to the idle target's port reach the
//! current one.

mod places;
mod reload;
mod rules;

use super::networks::{inside_of, networks};
use super::{VARIANTS, firewall, gate};
use haproxy_gate::gate::{
    Destination, Firewall, Parking, ParkingPosition, Parkings, RuleCache, Variant,
};
use haproxy_gate::haproxy::Role;
use lab::block_on;
use lab::namespace::Namespace;
use lab::own_network::{inside, sh};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// blue on port 1000 and green on 1001; the idle one is parked on the current one.
pub(crate) fn web(current: &str) -> Parkings {
    let targets = [("blue", 1000), ("green", 1001)];
    let port = targets.iter().find(|(name, _)| *name == current).unwrap().1;
    let parking = |(name, of): (&str, u16)| Parking {
        target: name.to_owned(),
        port: of,
        to: (name != current).then_some(Destination::Port(port)),
    };
    Parkings {
        app: "web".to_owned(),
        targets: targets.map(parking).to_vec(),
        other_apps: vec!["api".to_owned()],
    }
}

/// Whether it took a change.
pub(crate) fn park(firewall: &Firewall, wanted: &Parkings) -> bool {
    block_on(firewall.park(wanted)).unwrap()
}

fn green(firewall: &Firewall, wanted: &Parkings) -> ParkingPosition {
    block_on(firewall.look()).unwrap().parked(wanted)[1].clone()
}

/// Answers each connection to the address with the name, line by line, until it ends.
fn serve(address: &str, name: &'static str) {
    let listener = TcpListener::bind(address).unwrap();
    let answer = move |mut stream: TcpStream| {
        while stream.read(&mut [0; 64]).is_ok_and(|got| got > 0) {
            if stream.write_all(name.as_bytes()).is_err() {
                break;
            }
        }
    };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
}

fn connect(address: &str) -> Option<TcpStream> {
    let address: SocketAddr = address.parse().unwrap();
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(3)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(3)))
        .unwrap();
    Some(stream)
}

/// The name that answers on this connection.
fn ask(stream: &mut TcpStream) -> String {
    let mut answer = [0; 64];
    stream.write_all(b"?").unwrap();
    let length = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// The name that answers a new connection. `refused`: there is none.
fn who(address: &str) -> String {
    connect(address).map_or("refused".to_owned(), |mut stream| ask(&mut stream))
}

/// The same, asked by the balancer.
fn by(balancer: &Namespace, address: &str) -> String {
    inside_of(balancer, || who(address))
}

fn flush(variant: &str) {
    sh(&format!(
        "for i in iptables ip6tables; do $i-{variant} -t nat -F; $i-{variant} -t nat -X; done"
    ));
}

const GREEN: [&str; 2] = ["10.0.0.1:1001", "[fd01::1]:1001"];

#[test]
fn the_balancer_reaches_the_current_target_and_the_host_itself_the_idle_one() {
    if !inside("parking::the_balancer_reaches_the_current_target_and_the_host_itself_the_idle_one")
    {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    let seen = || GREEN.map(|address| by(&balancer, address));
    for (variant, name) in VARIANTS {
        let (firewall, blue) = (firewall(variant), web("blue"));
        let none = blue.without("green");
        assert!(!park(&firewall, &none), "{name}");
        for round in 0..2 {
            assert_eq!(green(&firewall, &blue), ParkingPosition::NotSet);
            assert_eq!(seen(), ["green"; 2], "{name} round {round}");
            assert!(park(&firewall, &blue) && !park(&firewall, &blue));
            assert_eq!(green(&firewall, &blue), ParkingPosition::Set, "{name}");
            assert_eq!(seen(), ["blue"; 2], "{name} round {round}");
            let own = [
                "127.0.0.1:1001",
                "10.0.0.1:1001",
                "[::1]:1001",
                "[fd01::1]:1001",
            ];
            assert_eq!(own.map(who), ["green"; 4], "{name} round {round}");
            assert_eq!(by(&balancer, "10.0.0.1:1000"), "blue");
            assert!(park(&firewall, &none) && !park(&firewall, &none));
        }
        assert_eq!(seen(), ["green"; 2], "{name}");
        // The chain, and the rule that keeps connection tracking on.
        let left = sh(&format!("ip6tables-{name} -t nat -S HAPROXY-GATE-PARK"));
        assert_eq!(left.lines().count(), 2, "{left}");
        flush(name);
    }
}

/// One listing serves gates and parked ports, and neither touches the other. The check of blue still
/// goes to blue: the kernel translates a connection once.
#[test]
fn a_switch_exchanges_what_is_parked_beside_open_gates() {
    if !inside("parking::a_switch_exchanges_what_is_parked_beside_open_gates") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    for (variant, name) in VARIANTS {
        let (firewall, main) = (firewall(variant), gate(Role::Main, 2000));
        block_on(async {
            let mut rules = RuleCache::new(firewall.marks());
            assert!(rules.park(&firewall, &web("blue")).await.unwrap());
            assert!(rules.ensure(&firewall, &[(&main, true)]).await.unwrap());
            assert!(rules.are_parked(&firewall, &web("blue")).await.unwrap());
            assert!(!rules.are_parked(&firewall, &web("green")).await.unwrap());
            assert!(rules.park(&firewall, &web("green")).await.unwrap());
            let wanted = [(&main, true)];
            assert!(rules.are_as_wanted(&firewall, &wanted).await.unwrap());
            let parked = rules.parked(&firewall, &web("green")).await.unwrap();
            assert_eq!(parked, [ParkingPosition::Set, ParkingPosition::NotSet]);
        });
        let ports = [1000, 1001, 2000].map(|port| by(&balancer, &format!("10.0.0.1:{port}")));
        assert_eq!(ports, ["green", "green", "blue"], "{name}");
        flush(name);
    }
}

/// No gate's rule keeps connection tracking on. A connection of the time before parking stays, too.
#[test]
fn a_connection_made_while_parked_goes_on() {
    if !inside("parking::a_connection_made_while_parked_goes_on") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    for (variant, name) in VARIANTS {
        let (firewall, blue) = (firewall(variant), web("blue"));
        let early = |address: &str| inside_of(&balancer, || connect(address).unwrap());
        let mut before = GREEN.map(early);
        assert_eq!(before.each_mut().map(ask), ["green"; 2]);
        park(&firewall, &blue);
        let mut parked = GREEN.map(early);
        for _ in 0..2 {
            assert_eq!(parked.each_mut().map(ask), ["blue"; 2], "{name}");
            assert_eq!(before.each_mut().map(ask), ["green"; 2], "{name}");
            park(&firewall, &blue.without("green"));
        }
        assert_eq!(GREEN.map(|address| by(&balancer, address)), ["green"; 2]);
        flush(name);
    }
}
