//! The lines of our other target: found by its ports, and missed where there is none.

use std::net::SocketAddr;

use super::*;

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
