//! Parked ports with the real iptables: connections of a balancer to the idle target's port reach the
//! current one.

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

/// The name that answers a new connection. `nobody`: it is refused.
fn who(address: &str) -> String {
    connect(address).map_or("nobody".to_owned(), |mut stream| ask(&mut stream))
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

#[test]
fn parking_fixes_lost_doubled_and_earlier_rules() {
    if !inside("parking::parking_fixes_lost_doubled_and_earlier_rules") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    let rule = "HAPROXY-GATE-PARK -p tcp -m tcp --dport";
    let of = |names: &str| {
        format!("--tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment haproxy-gate:{names}:park")
    };
    let (web_green, red) = (of("web:green"), of("web:red"));
    for (variant, name) in VARIANTS {
        let (firewall, blue) = (firewall(variant), web("blue"));
        for harm in [
            "-F".to_owned(),
            "-F PREROUTING".to_owned(),
            "-F HAPROXY-GATE-PARK".to_owned(),
            format!("-A {rule} 1001 {web_green} -j DNAT --to-destination :1000"),
            format!("-I {rule} 1001 {web_green} -j DNAT --to-destination :1009"),
            format!("-I {rule} 1001 {red} -j DNAT --to-destination :1009"),
            format!("-A {rule} 1002 {web_green} -j DNAT --to-destination :1000"),
            "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE-PARK".to_owned(),
        ] {
            park(&firewall, &blue);
            sh(&format!("iptables-{name} -t nat {harm}"));
            assert!(park(&firewall, &blue), "{name} {harm}");
            assert_eq!(green(&firewall, &blue), ParkingPosition::Set, "{harm}");
            assert_eq!(by(&balancer, GREEN[0]), "blue", "{name} {harm}");
            let rules = sh(&format!("iptables-{name} -t nat -S"));
            assert_eq!(rules.matches("GATE-PARK").count(), 4, "{harm}: {rules}");
        }
        sh(&format!(
            "iptables-{name} -t nat -A {rule} 1002 {red} -j DNAT --to-destination :1000"
        ));
        let gone = block_on(firewall.look()).unwrap().parked_of_gone(&blue);
        assert_eq!(gone.len(), 1, "{gone:?}");
        assert!(park(&firewall, &blue.without("green")));
        let rules = sh(&format!("iptables-{name} -t nat -S"));
        assert!(!rules.contains(":park"), "{rules}");
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

/// `REDIRECT` would lead to 10.0.0.1, the interface's primary address.
#[test]
fn an_app_on_one_other_address_of_the_interface_is_reached() {
    if !inside("parking::an_app_on_one_other_address_of_the_interface_is_reached") {
        return;
    }
    let [balancer, _container] = networks();
    sh("ip addr add 10.0.0.5/24 dev to-lb; ip addr add fd01::5/64 dev to-lb nodad");
    for address in ["10.0.0.5:1000", "[fd01::5]:1000"] {
        serve(address, "blue");
    }
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        park(&firewall, &web("blue"));
        for address in ["10.0.0.5:1001", "[fd01::5]:1001"] {
            assert_eq!(by(&balancer, address), "blue", "{name} {address}");
        }
        // HAProxy's line of green has another address than that of blue.
        let mut blue = web("blue");
        let view = block_on(firewall.look()).unwrap();
        let place = view.place(1000, Some([10, 0, 0, 5].into()));
        blue.targets[1].to = Some(place);
        assert_eq!(by(&balancer, "10.0.0.1:1001"), "nobody", "{name}");
        park(&firewall, &blue);
        assert_eq!(green(&firewall, &blue), ParkingPosition::Set);
        assert_eq!(by(&balancer, "10.0.0.1:1001"), "blue", "{name}");
        // In the other family nothing is parked.
        assert_eq!(by(&balancer, "[fd01::5]:1001"), "nobody", "{name}");
        flush(name);
    }
}

#[test]
fn a_port_is_parked_on_a_container_that_publishes_it() {
    if !inside("parking::a_port_is_parked_on_a_container_that_publishes_it") {
        return;
    }
    let [balancer, container] = networks();
    inside_of(&container, || serve("[::]:8080", "blue"));
    serve("[::]:1001", "green");
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        sh(&format!(
            "iptables-{name} -t nat -A PREROUTING -p tcp --dport 1000 -j DNAT \
             --to-destination 172.17.0.2:8080"
        ));
        let mut blue = web("blue");
        let place = block_on(firewall.look()).unwrap().place(1000, None);
        assert_eq!(place.to_string(), "172.17.0.2:8080");
        blue.targets[1].to = Some(place);
        park(&firewall, &blue);
        assert_eq!(by(&balancer, GREEN[0]), "blue", "{name}");
        assert_eq!(by(&balancer, "10.0.0.1:1000"), "blue", "{name}");
        // The agent's own rule publishes nothing.
        let view = block_on(firewall.look()).unwrap();
        assert_eq!(view.published(1001), Vec::new(), "{name}");
        flush(name);
    }
}

/// This host is a router for the container.
#[test]
fn the_same_port_of_another_host_is_not_parked() {
    if !inside("parking::the_same_port_of_another_host_is_not_parked") {
        return;
    }
    let [balancer, container] = networks();
    serve("[::]:1000", "blue");
    inside_of(&container, || serve("[::]:1001", "the container"));
    for (variant, name) in VARIANTS {
        park(&firewall(variant), &web("blue"));
        for address in ["172.17.0.2:1001", "[fd17::2]:1001"] {
            assert_eq!(by(&balancer, address), "the container", "{name}");
        }
        flush(name);
    }
}

/// Such a rule still parks the port after an unpark by the variant in use.
#[test]
fn a_rule_of_the_other_variant_is_reported_and_its_removal_works() {
    if !inside("parking::a_rule_of_the_other_variant_is_reported_and_its_removal_works") {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", "blue");
    serve("[::]:1001", "green");
    for [(used, name), (other, _)] in [VARIANTS, [VARIANTS[1], VARIANTS[0]]] {
        let none = web("blue").without("green");
        let firewall = firewall(used);
        park(&super::firewall(other), &web("blue"));
        park(&firewall, &web("blue"));
        park(&firewall, &none);
        assert_eq!(by(&balancer, GREEN[0]), "blue", "{name}");
        let reported = || {
            let view = block_on(firewall.look()).unwrap();
            view.parked_by_others(&none, &none.targets[1])
        };
        let found = reported();
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        for one in found {
            sh(one.removal.as_deref().expect("a certain rule"));
        }
        assert!(reported().is_empty(), "{name}");
        assert_eq!(by(&balancer, GREEN[0]), "green", "{name}");
    }
}

#[test]
fn a_native_rule_that_parks_a_port_is_reported() {
    if !inside("parking::a_native_rule_that_parks_a_port_is_reported") {
        return;
    }
    let firewall = firewall(Variant::Nft);
    sh(
        "nft add table inet t; nft 'add chain inet t p { type nat hook prerouting priority -150; }'
        nft add rule inet t p tcp dport 1001 redirect to :1000",
    );
    let view = block_on(firewall.look()).unwrap();
    let blue = web("blue");
    let found = view.parked_by_others(&blue, &blue.targets[1]);
    assert_eq!(found.len(), 1, "{found:?}");
    sh(found[0].removal.as_deref().expect("a certain rule"));
    assert!(!sh("nft list ruleset").contains("redirect to :1000"));
    assert_eq!(view.parked_by_others(&blue, &blue.targets[0]), []);
}
