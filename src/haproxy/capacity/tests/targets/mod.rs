//! Hosts with two targets, by one line of a table each.

mod lines;
mod turns;

use super::super::super::siblings::siblings;
use super::super::super::{AppPorts, Neighbours, Own};
use super::*;

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
