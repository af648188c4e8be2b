//! What a balancer of the farm shows to an agent: the rows of `show stat`, judged by the program.

use farm::{Look, Settings, Twin};
use haproxy_gate::haproxy::{
    Answer, AppPorts, BackendCapacity, BalancerObservation, Found, Mode, Own, Role, ServerLine,
    ServerStat, ServerState, Status, find,
};
use haproxy_gate::restart::{Ask, lacks_claim};

const BACKEND: &str = "srvs";
/// Main line and twin of the first target, and of the second one.
const LINES: [[usize; 2]; 2] = [[0, 1], [2, 3]];

/// The name of a host's main line.
pub(super) fn main(host: usize) -> String {
    name(host, 0)
}

fn name(host: usize, line: usize) -> String {
    format!("{}{host}", ["web", "bkp", "new", "nbk"][line])
}

/// The name of the backend on a balancer, as the core has it.
pub(super) fn backend(balancer: usize) -> String {
    format!("{} backend {BACKEND}", called(balancer))
}

fn called(balancer: usize) -> String {
    format!("lb{balancer}")
}

/// What a balancer shows of a target to the agent of the host that looks.
pub(super) fn balancer(
    settings: &Settings,
    look: &Look,
    number: usize,
    target: usize,
) -> BalancerObservation {
    let sides = if settings.twin == Twin::None { 1 } else { 2 };
    let lines = || {
        let hosts = 0..settings.hosts;
        hosts.flat_map(move |host| {
            let targets = 1 + usize::from(host < settings.switching);
            let lines = LINES[..targets].iter();
            lines.flat_map(move |lines| lines[..sides].iter().map(move |line| (host, *line)))
        })
    };
    let servers: Vec<ServerState> = lines()
        .map(|(host, line)| state(settings, host, line))
        .collect();
    let ours = format!("{}", look.host);
    let is_ours = |server: &ServerState| server.server.ends_with(&ours);
    let own = find(&servers, ports(settings, target), is_ours).expect("our lines");
    let is_own = |server: &ServerState| own.iter().any(|own| own.server == server.server);
    let siblings = servers.iter().filter(|one| is_ours(one) && !is_own(one));
    let siblings = siblings.cloned().collect();
    let stats: Vec<ServerStat> = lines()
        .map(|(host, line)| {
            let health = look.health(number, host, line);
            let is_held = host == 0 && settings.held == Some(line) && look.held[number];
            let stat = stat(settings, health, &name(host, line), line % 2);
            match is_held {
                true => in_maint(stat),
                false => stat,
            }
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
        siblings,
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

fn ports(settings: &Settings, target: usize) -> AppPorts {
    let at = target as u16;
    AppPorts {
        port: 1000 + at,
        status_port: 2000 + at,
        backup_status_port: (settings.twin == Twin::Gate).then_some(3000 + at),
        health_port: None,
    }
}

fn state(settings: &Settings, host: usize, line: usize) -> ServerState {
    let ports = ports(settings, line / 2);
    let check_port = match line % 2 {
        0 => ports.status_port,
        _ => ports.backup_status_port.unwrap_or(0),
    };
    ServerState {
        backend_id: 1,
        backend: BACKEND.to_owned(),
        server_id: (4 * host + line) as u64,
        server: name(host, line),
        address: Some([10, 0, 0, 10 + host as u8].into()),
        port: ports.port,
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

fn in_maint(stat: ServerStat) -> ServerStat {
    ServerStat {
        status: Status::parse("MAINT").expect("a status"),
        proven: false,
        failed_to_the_end: false,
        ..stat
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
