//! The gates of an app's targets beside rules of an earlier configuration.

use super::*;

/// blue with the ports that the app had without targets, and green.
fn targets() -> [Gate; 2] {
    let target = |name: &str, status_port, port, other: (&str, u16)| Gate {
        target: Some(name.to_owned()),
        to: Destination::Port(port),
        alone: true,
        of_others: vec![other.1],
        other_targets: vec![other.0.to_owned()],
        ..gate(Role::Main, status_port)
    };
    let blue = target("blue", 2000, 1000, ("green", 2001));
    [blue, target("green", 2001, 1001, ("blue", 2000))]
}

#[test]
fn an_app_gets_targets_and_loses_one() {
    if !inside("targets::an_app_gets_targets_and_loses_one") {
        return;
    }
    let _blue = TcpListener::bind("0.0.0.0:1000").unwrap();
    let _red = TcpListener::bind("0.0.0.0:1002").unwrap();
    let [blue, green] = targets();
    let red = Gate {
        target: Some("red".to_owned()),
        to: Destination::Port(1002),
        of_others: vec![2000, 2001],
        ..gate(Role::Main, 2002)
    };
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        let rules = || sh(&format!("iptables-{name} -t nat -S HAPROXY-GATE"));
        set(&firewall, &gate(Role::Main, 2000), true);
        assert!(matches!(position(&firewall, &blue), Position::Broken(_)));
        assert_eq!(position(&firewall, &green), Position::Closed);
        // The idle target's gate leaves the rule that users come by.
        set(&firewall, &green, false);
        assert!(answers("127.0.0.1:2000"), "{name}");
        set(&firewall, &blue, true);
        assert!(answers("127.0.0.1:2000"), "{name}");
        let now = rules();
        assert!(now.contains("haproxy-gate:web:blue:main"), "{now}");
        assert!(!now.contains("haproxy-gate:web:main"), "{now}");

        set(&firewall, &red, true);
        assert_eq!(position(&firewall, &blue), {
            let rule = rules().lines().last().unwrap().to_owned();
            Position::Broken(format!("a rule of an earlier configuration: {rule}"))
        });
        assert!(answers("127.0.0.1:2002"), "{name}");
        set(&firewall, &blue, true);
        assert!(!answers("127.0.0.1:2002"), "{name}");
        for (gate, expected) in [(&blue, Position::Open), (&green, Position::Closed)] {
            assert_eq!(position(&firewall, gate), expected, "{name}");
        }
        sh(&format!(
            "iptables-{name} -t nat -F; ip6tables-{name} -t nat -F"
        ));
    }
}
