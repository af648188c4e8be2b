//! The lines of the app's other targets on this host, and the apps beside it: they are neither ours
//! nor other servers. Pure.

use super::find::serves;
use super::{AppPorts, Missing, ServerState};

/// What else the configuration has beside the target whose lines are ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The name of that target. None: the app has no targets.
    pub target: Option<String>,
    /// The ports of the app's other targets, with their names.
    pub other_targets: Vec<(String, AppPorts)>,
    /// The ports of each other app, those of its targets together.
    pub other_apps: Vec<Vec<u16>>,
}

/// The lines of this host that belong to other targets of the app.
///
/// # Errors
///
/// A backend serves another target, and has no line for ours: its users would have no server after
/// a switch.
pub(super) fn siblings(
    servers: &[ServerState],
    ports: AppPorts,
    neighbours: &Neighbours,
    is_ours: impl Fn(&ServerState) -> bool,
) -> Result<Vec<ServerState>, Missing> {
    let here: Vec<&ServerState> = servers.iter().filter(|server| is_ours(server)).collect();
    let mut siblings = Vec::new();
    for (name, other) in &neighbours.other_targets {
        let lines = here.iter().filter(|server| serves(server, *other, false));
        for line in lines {
            let mut beside = here.iter().filter(|one| one.backend == line.backend);
            let is_main = line.check_port == other.status_port;
            if is_main && !beside.any(|one| serves(one, ports, true)) {
                return Err(lacking(line, name, ports, neighbours));
            }
            siblings.push((*line).clone());
        }
    }
    Ok(siblings)
}

fn lacking(main: &ServerState, of: &str, ports: AppPorts, neighbours: &Neighbours) -> Missing {
    let AppPorts {
        port, status_port, ..
    } = ports;
    let target = neighbours.target.as_deref().unwrap_or_default();
    let address = main.address.map(|ip| std::net::SocketAddr::new(ip, port));
    let to = address.map_or_else(|| format!("port {port}"), |at| at.to_string());
    Missing {
        what: format!(
            "backend {} has no server line for target {target} (port {port}), only for target {of} \
             ({}:{})",
            main.backend, main.server, main.port
        ),
        fix: format!(
            "add a server line to {to} with `check port {status_port}`; `agent haproxy-config` \
             prints the lines of all targets"
        ),
        checks: None,
    }
}
