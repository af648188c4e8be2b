//! Ring 3: the gate against the real iptables, both variants, both families. Root only.

mod calls;
mod changes;
mod foreign;
mod networks;
mod parking;
mod redirected;
mod reserved;
mod targets;
mod tracked;
mod uninstall;

use haproxy_gate::gate::{Destination, Firewall, Gate, Position, Variant};
use haproxy_gate::haproxy::Role;
use lab::block_on;
use lab::own_network::{inside, sh};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const VARIANTS: [(Variant, &str); 2] = [(Variant::Nft, "nft"), (Variant::Legacy, "legacy")];

fn gate(role: Role, status_port: u16) -> Gate {
    Gate {
        app: "web".into(),
        target: None,
        role,
        status_port,
        to: Destination::Port(1000),
        alone: false,
        of_others: Vec::new(),
        other_targets: Vec::new(),
    }
}

fn firewall(variant: Variant) -> Firewall {
    block_on(Firewall::new(Some(variant), true)).unwrap()
}

fn set(firewall: &Firewall, gate: &Gate, open: bool) {
    block_on(firewall.ensure(&[(gate, open)])).unwrap();
}

fn position(firewall: &Firewall, gate: &Gate) -> Position {
    block_on(firewall.look()).unwrap().position(gate)
}

/// Whether a connection to the status port reaches a listener. A refusal must come at once: a SYN that
/// gets no answer is repeated after a second.
fn answers(address: &str) -> bool {
    let address: SocketAddr = address.parse().unwrap();
    let before = Instant::now();
    match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(
                before.elapsed() < Duration::from_millis(900),
                "refused late"
            );
            false
        }
    }
}

/// All nat rules, except our chain's rules and the jumps to it.
fn others(variant: &str) -> String {
    let all = sh(&format!(
        "iptables-{variant} -t nat -S; ip6tables-{variant} -t nat -S"
    ));
    all.lines()
        .filter(|line| !line.contains("HAPROXY-GATE"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_gate_opens_and_closes_both_families_and_touches_nothing_else() {
    if !inside("a_gate_opens_and_closes_both_families_and_touches_nothing_else") {
        return;
    }
    let _app = [
        TcpListener::bind("0.0.0.0:1000").unwrap(),
        TcpListener::bind("[::1]:1000").unwrap(),
    ];
    for (variant, name) in VARIANTS {
        sh(&format!(
            "iptables-{name} -t nat -A OUTPUT -p tcp --dport 99 -j REDIRECT --to-ports 98"
        ));
        let (firewall, main, before) = (firewall(variant), gate(Role::Main, 2000), others(name));
        assert_eq!(position(&firewall, &main), Position::Closed);
        for round in 0..2 {
            set(&firewall, &main, true);
            set(&firewall, &main, true);
            assert_eq!(
                position(&firewall, &main),
                Position::Open,
                "{name} round {round}"
            );
            assert!(
                answers("127.0.0.1:2000") && answers("[::1]:2000"),
                "{name} round {round}"
            );
            let rules = sh(&format!("iptables-{name} -t nat -S HAPROXY-GATE"));
            // The chain, the gate, and the rule that keeps connection tracking on.
            assert_eq!(rules.lines().count(), 3, "{rules}");
            set(&firewall, &main, false);
            set(&firewall, &main, false);
            assert_eq!(position(&firewall, &main), Position::Closed);
            assert!(
                !answers("127.0.0.1:2000") && !answers("[::1]:2000"),
                "{name} round {round}"
            );
        }
        assert_eq!(others(name), before);
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}

#[test]
fn a_gate_closes_over_duplicates_and_leaves_the_other_gates() {
    if !inside("a_gate_closes_over_duplicates_and_leaves_the_other_gates") {
        return;
    }
    let _app = TcpListener::bind("127.0.0.1:1000").unwrap();
    for (variant, name) in VARIANTS {
        let (firewall, main, backup) = (
            firewall(variant),
            gate(Role::Main, 2000),
            gate(Role::Twin, 3000),
        );
        set(&firewall, &main, true);
        set(&firewall, &backup, true);
        sh(&format!(
            "iptables-{name} -t nat -A HAPROXY-GATE {}",
            main.rule()
        ));
        sh(&format!(
            "iptables-{name} -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE"
        ));
        assert!(
            matches!(position(&firewall, &main), Position::Broken(_)),
            "{name}"
        );
        set(&firewall, &main, false);
        assert!(
            !answers("127.0.0.1:2000") && answers("127.0.0.1:3000"),
            "{name}"
        );
        set(&firewall, &main, true);
        let listing = sh(&format!("iptables-{name} -t nat -S"));
        assert_eq!(listing.matches("-A OUTPUT").count(), 1, "{listing}");
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}

#[test]
fn opening_fixes_a_flushed_table_or_a_lost_jump() {
    if !inside("opening_fixes_a_flushed_table_or_a_lost_jump") {
        return;
    }
    let _app = TcpListener::bind("127.0.0.1:1000").unwrap();
    for (variant, name) in VARIANTS {
        let (firewall, main) = (firewall(variant), gate(Role::Main, 2000));
        for loss in ["-F OUTPUT", "-F", "-F HAPROXY-GATE"] {
            set(&firewall, &main, true);
            sh(&format!("iptables-{name} -t nat {loss}"));
            assert_ne!(position(&firewall, &main), Position::Open, "{name} {loss}");
            set(&firewall, &main, true);
            assert_eq!(position(&firewall, &main), Position::Open, "{name} {loss}");
            assert!(answers("127.0.0.1:2000"), "{name} {loss}");
        }
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}

/// NAT has changed the source port of a connection, because a redirected check had the same port.
/// The connection must survive when the last gate closes. Without the rule that keeps tracking on,
/// the kernel lost its packets, and the request hung until HAProxy's timeout.
#[test]
fn a_translated_connection_outlives_the_gate() {
    if !inside("a_translated_connection_outlives_the_gate") {
        return;
    }
    for ((variant, name), port) in VARIANTS.into_iter().zip([5555, 6666]) {
        let (firewall, main) = (firewall(variant), gate(Role::Main, 2000));
        set(&firewall, &main, true);
        let app = TcpListener::bind("127.0.0.1:1000").unwrap();
        let check = connect_from(port, 2000);
        drop(app.accept().unwrap());
        drop(check);
        let mut request = connect_from(port, 1000);
        let (mut served, peer) = app.accept().unwrap();
        assert_ne!(peer.port(), port, "{name}: no clash, so nothing is proved");
        set(&firewall, &main, false);
        request
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        request.write_all(b"?").unwrap();
        served
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        served
            .read_exact(&mut [0])
            .unwrap_or_else(|error| panic!("{name}: the request is lost: {error}"));
        served.write_all(b"!").unwrap();
        request
            .read_exact(&mut [0])
            .unwrap_or_else(|error| panic!("{name}: the answer is lost: {error}"));
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}

/// Connects to a local port from a chosen port.
fn connect_from(from: u16, to: u16) -> TcpStream {
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let stream = block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(local(from)).unwrap();
        socket.connect(local(to)).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Another host behind a veth, which has its own listener on the status port.
struct OtherHost(Child, Child);

impl OtherHost {
    fn start() -> OtherHost {
        let host = Command::new("unshare")
            .args(["--net", "sleep", "600"])
            .spawn()
            .unwrap();
        let pid = host.id();
        // `unshare` needs a moment to enter the new network.
        sh(&format!(
            "until [ $(readlink /proc/{pid}/ns/net) != $(readlink /proc/self/ns/net) ]; do sleep 0.02; done"
        ));
        let enter = format!("nsenter -t {pid} -n");
        sh(&format!(
            "ip link add here type veth peer name there netns {pid}"
        ));
        sh("ip addr add 10.77.9.1/24 dev here && ip link set here up");
        sh(&format!(
            "{enter} ip addr add 10.77.9.2/24 dev there && {enter} ip link set there up"
        ));
        let listens = "TCP-LISTEN:2000,fork,reuseaddr";
        let listener = Command::new("nsenter")
            .args(["-t", &pid.to_string(), "-n", "socat", listens])
            .arg("SYSTEM:echo the other host")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sh(&format!(
            "until {enter} ss -ltn | grep -q :2000; do sleep 0.05; done"
        ));
        OtherHost(host, listener)
    }
}

impl Drop for OtherHost {
    fn drop(&mut self) {
        for process in [&mut self.0, &mut self.1] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

#[test]
fn calls_to_the_status_port_of_another_host_go_there() {
    if !inside("calls_to_the_status_port_of_another_host_go_there") {
        return;
    }
    let _app = TcpListener::bind("0.0.0.0:1000").unwrap();
    let _other = OtherHost::start();
    for (variant, name) in VARIANTS {
        let (firewall, main) = (firewall(variant), gate(Role::Main, 2000));
        set(&firewall, &main, true);
        assert!(answers("10.77.9.1:2000"), "{name}: its own address");
        let mut text = String::new();
        TcpStream::connect("10.77.9.2:2000")
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "the other host\n", "{name}");
        set(&firewall, &main, false);
    }
}

#[test]
fn a_foreign_rule_is_found_in_both_variants_and_its_removal_works() {
    if !inside("a_foreign_rule_is_found_in_both_variants_and_its_removal_works") {
        return;
    }
    let main = gate(Role::Main, 2000);
    for (variant, _) in VARIANTS {
        let firewall = firewall(variant);
        for program in [
            "iptables-nft",
            "iptables-legacy",
            "ip6tables-nft",
            "ip6tables-legacy",
        ] {
            let rule = "-p tcp -m tcp --dport 2000 -m comment --comment \"by: hand\" -j REDIRECT --to-ports 1000";
            sh(&format!("{program} -t nat -A PREROUTING {rule}"));
            let foreign = block_on(firewall.look()).unwrap().foreign(&main);
            assert_eq!(foreign.len(), 1, "{program}: {foreign:?}");
            let removal = foreign[0].removal.as_deref().expect("a certain rule");
            assert!(removal.starts_with(program), "{foreign:?}");
            sh(removal);
            assert!(
                block_on(firewall.look()).unwrap().foreign(&main).is_empty(),
                "{program}"
            );
        }
    }
    for (variant, _) in VARIANTS {
        set(&firewall(variant), &main, true);
    }
    // Both variants now have our rule: each sees the rule of the other as foreign.
    for (variant, name) in VARIANTS {
        let foreign = block_on(firewall(variant).look()).unwrap().foreign(&main);
        assert_eq!(foreign.len(), 2, "{name}: {foreign:?}");
    }
}

#[test]
fn the_wait_for_the_xtables_lock_is_bounded() {
    if !inside("the_wait_for_the_xtables_lock_is_bounded") {
        return;
    }
    let (firewall, main) = (firewall(Variant::Legacy), gate(Role::Main, 2000));
    set(&firewall, &main, true);
    let hold = |seconds: u32| {
        let mut command = Command::new("flock");
        let owner = command
            .args([
                "--no-fork",
                "/run/xtables.lock",
                "sleep",
                &seconds.to_string(),
            ])
            .spawn()
            .unwrap();
        sh("while flock -n /run/xtables.lock true; do sleep 0.02; done");
        owner
    };
    let mut owner = hold(3);
    let before = Instant::now();
    set(&firewall, &main, false);
    assert!(
        before.elapsed() > Duration::from_secs(1),
        "the lock was not waited for"
    );
    owner.wait().unwrap();
    let mut owner = hold(30);
    let before = Instant::now();
    let error = block_on(firewall.ensure(&[(&main, true)]))
        .unwrap_err()
        .to_string();
    assert!(
        before.elapsed() < Duration::from_secs(25),
        "{:?}",
        before.elapsed()
    );
    assert!(
        error.starts_with("another process holds the xtables lock"),
        "{error}"
    );
    owner.kill().unwrap();
    owner.wait().unwrap();
}
