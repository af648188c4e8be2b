//! What a balancer of the farm shows to an agent: the rows of `show stat`, judged by the program.

use farm::{Look, Settings, Twin};
use haproxy_gate::haproxy::{
    Answer, AppPorts, BackendCapacity, BalancerObservation, Found, Mode, Own, Role, ServerLine,
    ServerStat, ServerState, Status, find,
};
use haproxy_gate::restart::{Ask, lacks_claim};

const BACKEND: &str = "srvs";
const SIDES: [usize; 2] = [0, 1];

/// The name of a host's main line.
pub(super) fn main(host: usize) -> String {
    name(host, 0)
}

fn name(host: usize, side: usize) -> String {
    format!("{}{host}", ["web", "bkp"][side])
}

/// The name of the backend on a balancer, as the core has it.
pub(super) fn backend(balancer: usize) -> String {
    format!("{} backend {BACKEND}", called(balancer))
}

fn called(balancer: usize) -> String {
    format!("lb{balancer}")
}

/// What a balancer shows to the agent of the host that looks.
pub(super) fn balancer(settings: &Settings, look: &Look, number: usize) -> BalancerObservation {
    let sides = if settings.twin == Twin::None {
        &SIDES[..1]
    } else {
        &SIDES
    };
    let lines = || {
        let hosts = 0..settings.hosts;
        hosts.flat_map(|host| sides.iter().map(move |side| (host, *side)))
    };
    let ports = AppPorts {
        port: 1000,
        status_port: 2000,
        backup_status_port: (settings.twin == Twin::Gate).then_some(3000),
        health_port: None,
    };
    let servers: Vec<ServerState> = lines()
        .map(|(host, side)| state(settings, host, side))
        .collect();
    let ours = format!("{}", look.host);
    let own = find(&servers, ports, |server| server.server.ends_with(&ours)).expect("our lines");
    let stats: Vec<ServerStat> = lines()
        .map(|(host, side)| {
            stat(
                settings,
                look.health(number, host, side),
                &name(host, side),
                side,
            )
        })
        .collect();
    let rows = own.iter().map(|own| {
        (
            own,
            stats
                .iter()
                .find(|stat| stat.server == own.server)
                .expect("a row"),
        )
    });
    let lines = rows.map(|(own, stat)| line(own, stat)).collect();
    let found = Found {
        own,
        servers,
        ..Found::default()
    };
    BalancerObservation {
        name: called(number),
        worker: None,
        reloaded: false,
        answer: Ok(Answer {
            lines,
            backends: vec![BackendCapacity::count(BACKEND, &found, &stats)],
            leaving: None,
            errors: None,
        }),
    }
}

/// Whether the agent asks for the capacity, too: see `host/observe.rs`.
pub(super) fn shows_capacity(lines: &[ServerLine], ask: Option<Ask>) -> bool {
    match ask {
        Some(Ask::Capacity | Ask::CapacityIfDue(false) | Ask::CapacityWhenDue) => true,
        Some(Ask::CapacityIfDue(true)) => lacks_claim(lines),
        Some(Ask::CapacityOnceOut(role)) => out(role, lines),
        _ => false,
    }
}

/// All lines of this role are out.
pub(super) fn out(role: Role, lines: &[ServerLine]) -> bool {
    lines.iter().all(|line| line.role != role || line.out)
}

fn state(settings: &Settings, host: usize, side: usize) -> ServerState {
    let check_port = match (side, settings.twin) {
        (0, _) => 2000,
        (_, Twin::Gate) => 3000,
        _ => 0,
    };
    ServerState {
        backend_id: 1,
        backend: BACKEND.to_owned(),
        server_id: (2 * host + side) as u64,
        server: name(host, side),
        address: Some([10, 0, 0, 10 + host as u8].into()),
        port: 1000,
        check_port,
        check_address: None,
        fqdn: None,
    }
}

fn stat(settings: &Settings, health: u8, server: &str, side: usize) -> ServerStat {
    let (rise, fall, most) = (settings.rise, settings.fall, settings.most());
    let status = match health {
        0 => "DOWN".to_owned(),
        health if !settings.is_up(health) => format!("DOWN {health}/{rise}"),
        health if health == most => "UP".to_owned(),
        health => format!("UP {}/{fall}", health - rise + 1),
    };
    ServerStat {
        backend: BACKEND.to_owned(),
        server: server.to_owned(),
        server_id: 0,
        status: Status::parse(&status).expect("a status"),
        in_flight: 0,
        mode: Mode::Http,
        sessions: 0,
        connections: Some(0),
        weight: 1,
        backup: side == 1,
        proven: health == most,
        check: None,
        failed_to_the_end: health == 0,
        lasts: None,
    }
}

fn line(own: &Own, stat: &ServerStat) -> ServerLine {
    ServerLine {
        name: format!("{}/{}", own.backend, own.server),
        role: own.role,
        backup: stat.backup,
        status: stat.status.clone(),
        out: stat.is_out(),
        check: None,
        proven: stat.proven,
        in_flight: 0,
        mode: Mode::Http,
        sessions: 0,
        connections: Some(0),
    }
}
