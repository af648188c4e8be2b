//! Who gives way, where hosts or apps have two targets.

use super::*;

/// Each host gives way by the same order, whichever target it has current, seen from each host.
#[test]
fn hosts_give_way_by_address_whichever_target_is_current() {
    let lines = "blue1 UP, green1 DOWN, t-blue1 DOWN, t-green1 DOWN, \
                 blue2 DOWN, green2 UP, t-blue2 DOWN, t-green2 DOWN, \
                 blue3 UP, green3 DOWN, t-blue3 DOWN, t-green3 DOWN";
    for is_green in [false, true] {
        let after = |host| {
            let found = found(host, is_green, &[]);
            BackendCapacity::count("a", &found, &shown(lines)).claimed_after_us
        };
        assert_eq!(after(1), ["blue2", "blue3"]);
        assert_eq!(after(2), ["blue3"]);
        assert_eq!(after(3), [""; 0]);
    }
}

/// One machine: both apps see each other as another server, and agree on who gives way.
#[test]
fn two_apps_on_one_machine_are_two_servers() {
    let servers = vec![
        server("web1", 1, 1000, 2000),
        server("web1-green", 1, 1002, 2002),
        server("bkp1", 1, 1000, 3000),
        server("bkp1-green", 1, 1002, 3002),
        server("web2", 1, 1001, 2001),
        server("bkp2", 1, 1001, 3001),
    ];
    let ports = |port| AppPorts {
        port,
        status_port: port + 1000,
        backup_status_port: Some(port + 2000),
        health_port: None,
    };
    let seen = |port, target: Option<u16>, other: &[u16]| {
        let target = target.map(|port| ("other".to_owned(), ports(port)));
        let neighbours = Neighbours {
            target: target.as_ref().map(|_| "this".to_owned()),
            other_targets: target.into_iter().collect(),
            other_apps: vec![other.to_vec()],
            ..Neighbours::default()
        };
        let found = Found {
            own: find(&servers, ports(port), |_| true).unwrap(),
            siblings: siblings(&servers, ports(port), &neighbours, |_| true).unwrap(),
            neighbours,
            servers: servers.clone(),
        };
        let lines = [
            ("web1", "DOWN"),
            ("web1-green", "UP"),
            ("bkp1", "DOWN"),
            ("bkp1-green", "DOWN"),
            ("web2", "UP"),
            ("bkp2", "DOWN"),
        ];
        let stats = lines.map(|(name, status)| stat(name, name.starts_with("bkp"), status));
        let capacity = BackendCapacity::count("a", &found, &stats);
        (capacity.usable, capacity.servers, capacity.claimed_after_us)
    };
    let after = vec!["web2".to_owned()];
    assert_eq!(seen(1000, Some(1002), &[1001]), (1, 2, after.clone()));
    assert_eq!(seen(1002, Some(1000), &[1001]), (1, 2, after));
    assert_eq!(seen(1001, None, &[1000, 1002]), (1, 2, Vec::new()));
}
