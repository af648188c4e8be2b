//! The exact calls of iptables, from each listing to any positions of two gates. A deletion repeats the
//! rule as the kernel lists it, with its quotes and options.

use super::{gate, parking};
use haproxy_gate::gate::{Listing, plan_all, plan_parking, removal};
use haproxy_gate::haproxy::Role;
use std::fmt::Write;

const BARE: &str =
    "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n";
const KEEPER: &str = "-A HAPROXY-GATE -m conntrack --ctstate INVALID -m comment --comment \
    \"haproxy-gate:keep-tracking\" -j RETURN\n";
const JUMPS: &str = "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
    -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n";
const MAIN: &str = "-A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \
    \"haproxy-gate:web:main\" -j REDIRECT --to-ports 1000\n";
const TWIN: &str = "-A HAPROXY-GATE -p tcp -m tcp --dport 3000 -m comment --comment \
    \"haproxy-gate:web:backup\" -j REDIRECT --to-ports 1000\n";

/// Listings from the life of a host, with rules of other programs.
fn listings() -> Vec<(&'static str, String)> {
    let chain = format!("{BARE}-N HAPROXY-GATE\n");
    let ready = format!("{chain}{JUMPS}{KEEPER}");
    let with = |rules: &[&str]| format!("{ready}{}", rules.concat());
    let moved = MAIN.replace("1000", "1009");
    let random = MAIN.replace("1000\n", "1000 --random\n");
    let narrow = MAIN.replace("-p tcp -m tcp", "! -s 10.0.0.0/8 -p tcp -m tcp");
    let api = MAIN.replace(":web:", ":api:").replace("2000", "2001");
    let docker = "-N DOCKER\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n\
        -A DOCKER ! -i docker0 -p tcp -m tcp --dport 2000 -j DNAT --to-destination 10.9.9.9:80\n";
    let by_hand = "-N OTHERS\n-A OTHERS -p tcp -m comment --comment \"by: \\\"hand\\\"\" -j HAPROXY-GATE\n\
        -A OTHERS -p udp -g HAPROXY-GATE\n";
    vec![
        ("a bare table", BARE.to_owned()),
        (
            "with a warning",
            format!("# Warning: iptables-legacy tables present\n{BARE}"),
        ),
        ("only our chain", chain.clone()),
        ("closed", ready.clone()),
        ("main open", with(&[MAIN])),
        ("both open", with(&[MAIN, TWIN])),
        ("twice the same", with(&[MAIN, MAIN, TWIN])),
        ("to another port", with(&[&moved, TWIN])),
        ("old and new", with(&[&moved, MAIN])),
        ("with another option of the target", with(&[&random])),
        ("with another condition", with(&[&narrow, TWIN])),
        ("without the keeper", format!("{chain}{JUMPS}{MAIN}{TWIN}")),
        ("without a jump", format!("{chain}{KEEPER}{MAIN}")),
        (
            "with doubled jumps",
            format!("{chain}{JUMPS}{JUMPS}{JUMPS}{KEEPER}{MAIN}"),
        ),
        (
            "a jump without its match",
            format!("{chain}-A OUTPUT -j HAPROXY-GATE\n{KEEPER}{MAIN}"),
        ),
        ("another app", with(&[&api, MAIN])),
        (
            "beside docker",
            format!("{BARE}{docker}-N HAPROXY-GATE\n{JUMPS}{KEEPER}{MAIN}"),
        ),
        ("jumps by hand", with(&[by_hand, MAIN])),
    ]
}

#[test]
fn each_call_equals_the_recorded_one() {
    let (main, twin) = (gate(Role::Main, 2000), gate(Role::Twin, 3000));
    let mut said = String::new();
    for (name, text) in listings() {
        let listing = Listing::parse(&text).unwrap();
        writeln!(said, "# {name}").unwrap();
        for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
            writeln!(said, "main {first}, twin {second}:").unwrap();
            for call in plan_all(&listing, &[(&main, first), (&twin, second)]) {
                writeln!(said, "  {call}").unwrap();
            }
        }
        writeln!(said, "uninstall:").unwrap();
        for call in removal(&listing) {
            writeln!(said, "  {call}").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

const CHAIN: &str = "-N HAPROXY-GATE-PARK\n";
const JUMP: &str = "-A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE-PARK\n";
const GREEN: &str = "-A HAPROXY-GATE-PARK -p tcp -m tcp --dport 1001 --tcp-flags \
    FIN,SYN,RST,ACK SYN -m comment --comment \"haproxy-gate:web:green:park\" -j DNAT --to-destination :1000\n";

/// The same of parked ports.
fn parked() -> Vec<(&'static str, String)> {
    let gates = format!("-N HAPROXY-GATE\n{JUMPS}{KEEPER}{MAIN}");
    let keeper = KEEPER.replace("-A HAPROXY-GATE ", "-A HAPROXY-GATE-PARK ");
    let ready = format!("{BARE}{gates}{CHAIN}{JUMP}{keeper}");
    let with = |rules: &[&str]| format!("{ready}{}", rules.concat());
    let blue = GREEN.replace("green", "blue").replace("1000", "x");
    let blue = blue.replace("1001", "1000").replace(":x", ":1001");
    let redirect = GREEN.replace("DNAT --to-destination :", "REDIRECT --to-ports ");
    let any_packet = GREEN.replace("--tcp-flags FIN,SYN,RST,ACK SYN ", "");
    let container = GREEN.replace(":1000\n", "172.17.0.2:8080\n");
    let red = GREEN.replace("green", "red").replace("1001", "1002");
    let api = red.replace(":web:", ":api:").replace("1002", "1003");
    let shop = red.replace(":web:", ":shop:").replace("1002", "1004");
    vec![
        ("a bare table", BARE.to_owned()),
        ("beside a gate", format!("{BARE}{gates}")),
        ("not parked", ready.clone()),
        ("green parked", with(&[GREEN])),
        ("blue parked", with(&[&blue])),
        ("twice the same", with(&[GREEN, GREEN])),
        ("to a container", with(&[&container])),
        ("by a redirect", with(&[&redirect, GREEN])),
        ("for any packet", with(&[&any_packet])),
        ("a target that is gone", with(&[&red])),
        ("another app, and one that is gone", with(&[&api, &shop])),
        ("without a jump", format!("{BARE}{CHAIN}{keeper}{GREEN}")),
        ("without the keeper", format!("{BARE}{CHAIN}{JUMP}{GREEN}")),
        (
            "with doubled jumps",
            format!("{BARE}{CHAIN}{JUMP}{JUMP}{keeper}{GREEN}"),
        ),
    ]
}

#[test]
fn each_call_for_a_parked_port_equals_the_recorded_one() {
    let mut said = String::new();
    for (name, text) in parked() {
        let listing = Listing::parse(&text).unwrap();
        writeln!(said, "# {name}").unwrap();
        let web = parking::web;
        for (state, wanted) in [
            ("green is parked on blue", web("blue")),
            ("blue is parked on green", web("green")),
            ("nothing is parked", web("blue").without("green")),
        ] {
            writeln!(said, "{state}:").unwrap();
            for call in plan_parking(&listing, &wanted) {
                writeln!(said, "  {call}").unwrap();
            }
        }
        writeln!(said, "uninstall:").unwrap();
        for call in removal(&listing) {
            writeln!(said, "  {call}").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}
