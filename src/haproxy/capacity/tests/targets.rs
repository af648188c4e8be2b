//! Hosts with two targets, by one line of a table each.

use super::super::super::siblings::siblings;
use super::super::super::{AppPorts, Neighbours, Own};
use super::*;
use std::net::SocketAddr;

const GREEN: AppPorts = AppPorts {
    port: 1001,
    status_port: 2001,
    backup_status_port: Some(3001),
    health_port: None,
};

/// The lines of three hosts with two targets, with two other apps and a page on each.
fn servers() -> Vec<ServerState> {
    let mut servers = Vec::new();
    for host in 1..=3 {
        let last = 10 + host;
        servers.extend([
            server(&format!("blue{host}"), last, 1000, 2000),
            server(&format!("green{host}"), last, 1001, 2001),
            server(&format!("t-blue{host}"), last, 1000, 3000),
            server(&format!("t-green{host}"), last, 1001, 3001),
            server(&format!("two{host}"), last, 1005, 2005),
            server(&format!("three{host}"), last, 1006, 2006),
            server(&format!("page{host}"), last, 1009, 2009),
        ]);
    }
    servers
}

/// What the agent of a host finds, whose app is seen at blue or at green.
fn found(host: u8, is_green: bool, other_apps: &[&[u16]]) -> Found {
    let (ports, other, name) = match is_green {
        true => (GREEN, PORTS, "blue"),
        false => (PORTS, GREEN, "green"),
    };
    let neighbours = Neighbours {
        target: Some("one".into()),
        other_targets: vec![(name.into(), other)],
        other_apps: other_apps.iter().map(|ports| ports.to_vec()).collect(),
        ..Neighbours::default()
    };
    let servers = servers();
    let is_ours = |one: &ServerState| one.address == Some([10, 0, 0, 10 + host].into());
    Found {
        own: find(&servers, ports, is_ours).unwrap(),
        siblings: siblings(&servers, ports, &neighbours, is_ours).unwrap(),
        neighbours,
        servers,
    }
}

/// `blue2 UP, t-blue2 DOWN`
fn shown(lines: &str) -> Vec<ServerStat> {
    let lines = lines.split(", ").map(|line| line.split_once(' ').unwrap());
    let is_backup = |name: &str| name.starts_with("t-") || name.starts_with("page");
    lines
        .map(|(name, status)| stat(name, is_backup(name), status))
        .collect()
}

const OURS: &str = "blue1 UP, green1 DOWN, t-blue1 UP, t-green1 DOWN";

#[test]
fn a_host_with_two_targets_is_one_server() {
    let twins = "t-blue2 UP, t-green2 DOWN";
    for (lines, usable, servers, claimed) in [
        // At rest, in both colours.
        (format!("blue2 UP, green2 DOWN, {twins}"), 1, 2, 0),
        (
            "blue2 DOWN, green2 UP, t-blue2 DOWN, t-green2 UP".into(),
            1,
            2,
            0,
        ),
        // A switch: joined, then left, then the twins change places.
        (format!("blue2 UP, green2 UP 1/2, {twins}"), 1, 2, 0),
        (format!("blue2 UP, green2 UP, {twins}"), 1, 2, 0),
        (format!("blue2 DOWN, green2 UP, {twins}"), 1, 2, 0),
        (
            "blue2 DOWN, green2 UP, t-blue2 UP, t-green2 UP".into(),
            1,
            2,
            0,
        ),
        // Unproven after a reload, out, or going.
        (format!("blue2 UP 1/2, green2 UP 1/2, {twins}"), 0, 2, 0),
        (format!("blue2 DOWN, green2 DOWN, {twins}"), 0, 2, 0),
        (
            "blue2 UP, green2 DOWN, t-blue2 DOWN, t-green2 DOWN".into(),
            1,
            2,
            1,
        ),
        (
            "blue2 UP, green2 UP, t-blue2 DOWN, t-green2 DOWN".into(),
            1,
            2,
            1,
        ),
        // An operator's MAINT on the idle target hides no claim. On the current one's twin it is none.
        (
            "blue2 UP, green2 MAINT, t-blue2 DOWN, t-green2 MAINT".into(),
            1,
            2,
            1,
        ),
        (
            "blue2 UP, green2 DOWN, t-blue2 MAINT, t-green2 DOWN".into(),
            1,
            2,
            0,
        ),
        // A page on the same host is neither a server nor a twin.
        (
            "blue2 UP, green2 DOWN, t-blue2 DOWN, t-green2 DOWN, page2 UP".into(),
            1,
            2,
            1,
        ),
        ("t-blue2 DOWN, page2 UP".into(), 0, 2, 0),
        // Three hosts.
        (
            format!("blue2 UP, green2 UP, {twins}, blue3 DOWN, green3 UP"),
            2,
            3,
            0,
        ),
    ] {
        for is_green in [false, true] {
            let stats = shown(&format!("{OURS}, {lines}"));
            let capacity = BackendCapacity::count("a", &found(1, is_green, &[]), &stats);
            let counted = (capacity.usable, capacity.servers, capacity.claimed.len());
            assert_eq!(counted, (usable, servers, claimed), "{lines} {is_green}");
            assert!(!capacity.has_free_slots, "{lines}");
        }
    }
}

#[test]
fn our_other_target_is_no_other_server() {
    for ours in [OURS, "blue1 UP, green1 UP, t-blue1 UP, t-green1 UP"] {
        for is_green in [false, true] {
            let found = found(1, is_green, &[]);
            let capacity = BackendCapacity::count("a", &found, &shown(ours));
            let counted = (capacity.usable, capacity.servers, capacity.out.len());
            assert_eq!(counted, (0, 1, 0), "{ours} {is_green}");
        }
    }
}

/// Its ports show it: on this host by themselves, on other hosts by the configuration.
#[test]
fn another_app_of_the_same_host_is_a_server_of_its_own() {
    let here = format!("{OURS}, two1 UP");
    let more = format!("{here}, three1 UP");
    let there = format!("{here}, blue2 UP, green2 DOWN, two2 UP");
    for (lines, other_apps, usable, servers) in [
        (&here, &[][..], 1, 2),
        (&here, &[&[1005][..]][..], 1, 2),
        (&more, &[], 2, 3),
        (&there, &[&[1005]], 3, 4),
        // A port of another host that the configuration does not know may be that of a target.
        (&there, &[], 2, 3),
        (&there, &[&[1006]], 2, 3),
    ] {
        let found = found(1, false, other_apps);
        let capacity = BackendCapacity::count("a", &found, &shown(lines));
        let counted = (capacity.usable, capacity.servers);
        assert_eq!(counted, (usable, servers), "{lines} {other_apps:?}");
    }
}

/// An app without targets beside hosts that have them already.
#[test]
fn hosts_may_get_their_targets_one_after_the_other() {
    let servers = servers();
    let is_ours = |one: &ServerState| one.server == "blue1" || one.server == "t-blue1";
    let own = find(&servers, PORTS, is_ours).unwrap();
    let found = Found {
        own,
        servers,
        ..Found::default()
    };
    let lines = "blue1 UP, t-blue1 UP, blue2 UP, green2 UP, t-blue2 UP, t-green2 DOWN";
    let capacity = BackendCapacity::count("a", &found, &shown(lines));
    assert_eq!((capacity.usable, capacity.servers), (1, 2));
}

/// Behind a proxy one address is that of many hosts, and our lines are found by name.
#[test]
fn behind_a_proxy_each_port_is_a_host() {
    let mut servers = servers();
    for one in &mut servers {
        one.address = Some([10, 9, 9, 9].into());
    }
    let of = |name: &str| servers.iter().find(|one| one.server == name).unwrap();
    let own = vec![Own {
        address: None,
        ..Own::new(of("blue1"), super::super::super::Role::Main)
    }];
    let found = Found {
        own,
        servers: servers.clone(),
        ..Found::default()
    };
    let stats = shown("blue1 UP, green1 UP, two1 UP");
    let capacity = BackendCapacity::count("a", &found, &stats);
    assert_eq!((capacity.usable, capacity.servers), (2, 3));
}

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

/// A name that HAProxy can't resolve is one host, however many targets it has.
#[test]
fn an_unresolved_host_with_two_targets_is_one_server() {
    let mut found = found(1, false, &[]);
    for one in &mut found.servers {
        if one.address == Some([10, 0, 0, 12].into()) {
            (one.address, one.fqdn) = (None, Some("web2.example".to_owned()));
        }
    }
    let word = "MAINT (resolution)";
    let lines = format!("{OURS}, blue2 {word}, green2 {word}, t-blue2 {word}, t-green2 {word}");
    let capacity = BackendCapacity::count("a", &found, &shown(&lines));
    assert_eq!((capacity.usable, capacity.servers), (0, 2));
    assert!(!capacity.has_free_slots);
}

#[test]
fn a_backend_without_a_line_for_one_target_is_refused() {
    let servers = servers();
    let here = |one: &ServerState| one.address == Some([10, 0, 0, 11].into());
    let neighbours = Neighbours {
        target: Some("green".into()),
        other_targets: vec![("blue".into(), PORTS)],
        other_apps: Vec::new(),
        ..Neighbours::default()
    };
    let without = |gone: &[&str]| {
        let stays = |one: &&ServerState| !gone.contains(&one.server.as_str());
        let servers: Vec<_> = servers.iter().filter(stays).cloned().collect();
        siblings(&servers, GREEN, &neighbours, here).map(|lines| lines.len())
    };
    assert_eq!(without(&[]), Ok(2));
    // Which line it is, find() reports.
    assert_eq!(without(&["green1"]), Ok(2));
    assert_eq!(
        without(&["green1", "t-green1"]).unwrap_err().to_string(),
        "backend a has no server line for target green (port 1001), only for target blue \
         (blue1:1000): add a server line to 10.0.0.11:1001 with `check port 2001`; `agent \
         haproxy-config` prints the lines of all targets"
    );
    let at: SocketAddr = "10.0.0.11:1001".parse().unwrap();
    let own = find(&servers, GREEN, here).unwrap();
    assert!(own.len() == 2 && own.iter().all(|own| own.address == Some(at)));
}

/// In the classic layout a twin checks the app, and so does a line of the single one by its gate.
#[test]
fn the_classic_twin_of_another_target_is_no_line_of_ours() {
    let classic = |ports: AppPorts| AppPorts {
        backup_status_port: None,
        ..ports
    };
    let servers = [
        server("blue1", 11, 1000, 2000),
        server("green1", 11, 1001, 2001),
        server("t-blue1", 11, 1000, 0),
        server("t-green1", 11, 1001, 1001),
    ];
    let neighbours = Neighbours {
        target: Some("blue".into()),
        other_targets: vec![("green".into(), classic(GREEN))],
        other_apps: Vec::new(),
        ..Neighbours::default()
    };
    let names = |lines: Vec<ServerState>| -> Vec<String> {
        lines.into_iter().map(|one| one.server).collect()
    };
    let own = find(&servers, classic(PORTS), |_| true).unwrap();
    let own: Vec<String> = own.into_iter().map(|own| own.server).collect();
    assert_eq!(own, ["blue1", "t-blue1"]);
    let others = siblings(&servers, classic(PORTS), &neighbours, |_| true).unwrap();
    assert_eq!(names(others), ["green1", "t-green1"]);
}
