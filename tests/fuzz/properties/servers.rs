//! The answer to `show info;show servers state`, and which of its lines are ours.

use super::{answer, assert_printable};
use haproxy_gate::haproxy::{AppPorts, Own, Role, ServerState, Worker, answers, find};
use std::net::IpAddr;

const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
    health_port: None,
};

/// Takes the bytes for HAProxy's whole answer to the two commands.
pub fn check(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let commands = ["show info", "show servers state"].map(str::to_owned);
    let parse = |answers: &[String]| {
        let info = Worker::parse(&answers[0])?;
        Ok((info, ServerState::parse(&answers[1])?))
    };
    let Some((info, servers)) = answer::parse_whole(text, &commands, parse) else {
        return;
    };
    assert_printable(&info.version);
    let parts = answers(text, &commands).expect("it was split before");
    // No row is lost: the first two lines are the format and the header.
    let rows = parts[1].split('\n').filter(|line| !line.is_empty());
    assert_eq!(servers.len() + 2, rows.count());
    check_again(&servers);
    check_found(&servers, &["10.0.0.11".parse().expect("an address")]);
    for server in servers.iter().take(20) {
        check_found(&servers, &Vec::from_iter(server.address));
    }
}

/// Writes the result with other columns in between, and reads it again.
fn check_again(servers: &[ServerState]) {
    let mut table =
        "1\n# srv_name be_name x srv_id be_id srv_addr srv_fqdn srv_check_addr srv_check_port srv_port\n"
            .to_owned();
    for s in servers {
        assert_printable(&format!("{} {}", s.backend, s.server));
        let shown = |ip: Option<IpAddr>| ip.map_or("-".to_owned(), |ip| ip.to_string());
        let (address, checked) = (shown(s.address), shown(s.check_address));
        let name = s.fqdn.as_deref().unwrap_or("-");
        let ports = format!("{name} {checked} {} {}", s.check_port, s.port);
        let ids = format!("{} {}", s.server_id, s.backend_id);
        table += &format!("{} {} - {ids} {address} {ports}\n", s.server, s.backend);
    }
    assert_eq!(ServerState::parse(&table).as_deref(), Ok(servers));
}

/// The agent claims exactly the rows with these addresses and the app's port. A row without a port
/// must check a gate, or the app beside a line with a gate. Each has the role of its check port, and
/// each backend has a line with a gate.
fn check_found(servers: &[ServerState], here: &[IpAddr]) {
    let is_here = |server: &ServerState| server.address.is_some_and(|ip| here.contains(&ip));
    let own = match find(servers, PORTS, is_here) {
        Ok(own) => own,
        Err(error) => return assert_printable(&error.to_string()),
    };
    let is_gated = |s: &ServerState| {
        let mut mains = servers.iter().filter(|main| main.check_port == 2000);
        mains.any(|main| is_here(main) && main.backend == s.backend)
    };
    let checked = |s: &ServerState| {
        [2000, 3000].contains(&s.check_port) || (s.check_port == 1000 && is_gated(s))
    };
    let ours = servers
        .iter()
        .filter(|s| is_here(s) && (s.port == PORTS.port || (s.port == 0 && checked(s))));
    let with_port = |s: &ServerState| ServerState {
        port: PORTS.port,
        ..s.clone()
    };
    let expected: Vec<Own> = ours
        .map(|s| Own::new(&with_port(s), role(s.check_port)))
        .collect();
    assert_eq!(own, expected);
    for line in &own {
        let is_main = |other: &Own| other.backend == line.backend && other.role == Role::Main;
        assert!(own.iter().any(is_main), "{line:?} without a main line");
    }
}

fn role(check_port: u16) -> Role {
    match check_port {
        2000 => Role::Main,
        3000 => Role::Twin,
        0 | 1000 => Role::ClassicTwin,
        other => panic!("claimed with check port {other}"),
    }
}
