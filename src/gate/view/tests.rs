//! Gates to one address family.

use super::*;
use crate::gate::{Destination, Listing};
use crate::haproxy::Role;

/// Both families, empty, after these changes.
fn tables(changes: &[(Iptables, Vec<Change>)]) -> Tables {
    let one = |program, family| {
        let iptables = Iptables::new(program, family);
        let empty = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
        let mut listing = Listing::parse(empty).unwrap();
        let own = changes.iter().filter(|(of, _)| of.family == family);
        let own = own.flat_map(|(_, changes)| changes);
        own.for_each(|change| listing.apply(change));
        (iptables, listing)
    };
    vec![one("iptables", Family::V4), one("ip6tables", Family::V6)]
}

#[test]
fn a_gate_to_an_address_has_a_rule_in_its_family_alone() {
    for (to, families) in [
        ("172.17.0.2:8080", vec!["iptables"]),
        ("[fd00::2]:8080", vec!["ip6tables"]),
    ] {
        let to = Destination::Address(to.parse().unwrap());
        let gate = Gate {
            to,
            ..Gate::of_web(Role::Main)
        };
        let changes = to_do(&tables(&[]), &[(&gate, true)]);
        let programs: Vec<&str> = changes
            .iter()
            .map(|(iptables, _)| iptables.program)
            .collect();
        assert_eq!(programs, families);
        let open = tables(&changes);
        assert_eq!(position_everywhere(&open, &gate), Position::Open);
        assert_eq!(to_do(&open, &[(&gate, true)]), []);
        assert_eq!(to_do(&open, &[(&gate, false)]).len(), 1);
        // A kernel without IPv6.
        let view = View {
            used: open[..1].to_vec(),
            unused: Vec::new(),
            native: Err(String::new()),
            checked: Checked::default(),
        };
        assert_eq!(view.lacks_family(&gate), families == ["ip6tables"]);
    }
}

/// HAProxy may still check the port of the earlier rule.
#[test]
fn the_port_that_an_earlier_main_gate_redirects_is_known() {
    let before = Gate::of_web(Role::Main);
    let earlier = before.status_port;
    let view = View {
        used: tables(&to_do(&tables(&[]), &[(&before, true)])),
        unused: Vec::new(),
        native: Err(String::new()),
        checked: Checked::default(),
    };
    let gate = Gate {
        status_port: 2001,
        ..before.clone()
    };
    let twin = Gate {
        role: Role::Twin,
        ..gate.clone()
    };
    let is_known = |gate: &Gate, port| view.redirected_earlier(gate, port);
    assert!(is_known(&gate, earlier) && view.has_earlier(&gate));
    assert!(!view.has_earlier(&before) && !view.has_earlier(&twin));
    assert!(!is_known(&gate, 2002) && !is_known(&before, earlier) && !is_known(&twin, earlier));
}

/// A rule of ours that the other family still has is broken, and goes with the next change.
#[test]
fn a_rule_of_the_other_family_is_deleted() {
    let before = Gate::of_web(Role::Main);
    let open = tables(&to_do(&tables(&[]), &[(&before, true)]));
    let gate = Gate {
        to: Destination::Address("172.17.0.2:8080".parse().unwrap()),
        ..before
    };
    let position = position_everywhere(&open, &gate).to_string();
    assert!(
        position.starts_with("broken (a rule of an earlier configuration: "),
        "{position}"
    );
    let v6_alone = [tables(&[])[..1].to_vec(), open[1..].to_vec()].concat();
    let position = position_everywhere(&v6_alone, &gate).to_string();
    assert!(
        position.starts_with("broken (ip6tables: a rule of an earlier configuration: "),
        "{position}"
    );
    for wanted in [true, false] {
        let changes = to_do(&open, &[(&gate, wanted)]);
        let of_v6 = changes.iter().find(|(one, _)| one.family == Family::V6);
        let calls: Vec<String> = of_v6.unwrap().1.iter().map(Change::to_string).collect();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert!(calls[0].starts_with("-D HAPROXY-GATE "), "{calls:?}");
    }
}
