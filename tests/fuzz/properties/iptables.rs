//! A listing of `iptables -t nat -S`, what the agent reads in it, and the calls that follow.

use super::table::{Table, is_of, words};
use haproxy_gate::gate::{
    CHAIN, Checked, Destination, Family, Gate, HOOKS, Iptables, Listing, Parking, Parkings,
    Position, foreign, jump, keeper, plan, plan_parking, position,
};
use haproxy_gate::haproxy::Role;

/// Takes the bytes for the whole output of `iptables`.
pub fn check(data: &[u8]) {
    // As the agent reads it.
    let text = String::from_utf8_lossy(data);
    let listing = match Listing::parse(&text) {
        Ok(listing) => listing,
        Err(error) => return super::assert_printable(&error),
    };
    for gate in gates() {
        check_foreign(&text, &listing, &gate);
        for open in [true, false] {
            check_plan(&Table::new(&text), &listing, &gate, open);
        }
    }
    for is_parked in [true, false] {
        check_parking(Table::new(&text), &listing, &parkings(is_parked));
    }
}

fn gates() -> [Gate; 4] {
    let gate = |app: &str, role, status_port| Gate {
        app: app.to_owned(),
        target: None,
        role,
        status_port,
        to: Destination::Port(1000),
        alone: false,
        of_others: Vec::new(),
        other_targets: Vec::new(),
    };
    [
        gate("web", Role::Main, 2000),
        gate("web", Role::Twin, 3000),
        gate("a-p_i.1", Role::Main, 65535),
        Gate {
            to: Destination::Address(([172, 17, 0, 2], 8080).into()),
            ..gate("web", Role::Main, 2000)
        },
    ]
}

/// After the calls the gate is as wanted, there is nothing left to do, and all other rules are
/// unchanged.
fn check_plan(before: &Table, listing: &Listing, gate: &Gate, open: bool) {
    let mut table = before.clone();
    for change in plan(listing, gate, open) {
        let call = change.to_string();
        assert!(is_own(&call, gate), "{call}");
        table.call(&call);
    }
    let after = Listing::parse(&table.listing()).expect("still a listing");
    let wanted = match open {
        true => Position::Open,
        false => Position::Closed,
    };
    assert_eq!(position(&after, gate), wanted);
    assert_eq!(plan(&after, gate, open), []);
    assert_eq!(table.others(gate), before.others(gate));
}

fn parkings(is_parked: bool) -> Parkings {
    let parking = |target: &str, port, to| Parking {
        target: target.to_owned(),
        port,
        to,
    };
    Parkings {
        app: "web".to_owned(),
        targets: vec![
            parking("blue", 1000, None),
            parking("green", 1001, is_parked.then_some(Destination::Port(1000))),
        ],
        other_apps: vec!["api".to_owned()],
    }
}

/// After the calls each target is parked as wanted, there is nothing left to do, and all lines about
/// other chains are unchanged.
fn check_parking(mut table: Table, listing: &Listing, wanted: &Parkings) {
    let before = table.clone();
    for change in plan_parking(listing, wanted) {
        table.call(&change.to_string());
    }
    let after = Listing::parse(&table.listing()).expect("still a listing");
    assert_eq!(plan_parking(&after, wanted), []);
    assert_eq!(table.not_parked(), before.not_parked());
}

/// A call adds one of four fixed lines, or deletes our jump or a rule of our chain in this gate's
/// place.
fn is_own(call: &str, gate: &Gate) -> bool {
    let fixed = [
        format!("-N {CHAIN}"),
        format!("-A {CHAIN} {}", keeper()),
        format!("-A {CHAIN} {}", gate.rule()),
    ];
    let deleted = words(call.strip_prefix("-D ").unwrap_or_default());
    let is_jump = |hook| words(&format!("{hook} {}", jump(hook))) == deleted;
    fixed.contains(&call.to_owned())
        || HOOKS
            .iter()
            .any(|hook| call == format!("-I {hook} 1 {}", jump(hook)))
        || HOOKS.into_iter().any(is_jump)
        || (deleted.first().is_some_and(|chain| chain == CHAIN) && is_of(&deleted, gate))
}

/// The agent finds every plain redirect of the status port, with any comment and at any place,
/// because it names the port. It never calls our own rule foreign.
fn check_foreign(text: &str, listing: &Listing, gate: &Gate) {
    let iptables = Iptables::new("iptables", Family::V4);
    let found = foreign(&iptables, listing, gate, true, &Checked::default());
    let port = gate.status_port.to_string();
    for line in text.lines().map(str::trim) {
        let words = words(line);
        let plain = [
            "-p",
            "tcp",
            "-m",
            "tcp",
            "--dport",
            port.as_str(),
            "-m",
            "comment",
            "--comment",
        ];
        let is_plain = words.len() >= 14
            && words[0] == "-A"
            && words[2..11] == plain
            && words[12..14] == ["-j", "REDIRECT"];
        let ours = words.get(1).is_some_and(|chain| chain == CHAIN) && is_of(&words[2..], gate);
        let listed = found.iter().any(|foreign| foreign.rule == line);
        assert!(!is_plain || listed != ours, "{line}: {found:?}");
    }
}
