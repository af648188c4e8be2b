//! The lines of the app's other targets on this host, and the apps beside it: they are neither ours
//! nor other servers. Pure.

use super::find::serves;
use super::{AppPorts, Missing, ServerState};
use std::net::SocketAddr;

/// What else the configuration has beside the target whose lines are ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The name of that target. None: the app has no targets.
    pub target: Option<String>,
    /// The ports of the app's other targets, with their names.
    pub other_targets: Vec<(String, AppPorts)>,
    /// The ports of each other app, those of its targets together.
    pub other_apps: Vec<Vec<u16>>,
    /// The ports of the app's page. On each host a line with them serves no app.
    pub page: Option<AppPorts>,
    /// Whose lines ours are.
    pub ours: Ours,
}

/// Whose lines ours are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ours {
    /// Those of the app, or of one of its targets.
    #[default]
    App,
    /// Those of its page. Each backend that serves the app must have one.
    Page,
    /// Those of its marker, in a backend without users.
    Marker,
}

impl Neighbours {
    /// The line is that of a page, on any host. It is no server of the app.
    pub(super) fn is_page(&self, line: &ServerState) -> bool {
        let is_it = |page: AppPorts| (line.port, line.check_port) == (page.port, page.status_port);
        self.ours != Ours::Page && self.page.is_some_and(is_it)
    }
}

/// The lines of this host that belong to other targets of the app.
///
/// # Errors
///
/// A backend serves another target, and has no line for ours: its users would have no server after
/// a switch, or no page during maintenance.
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
            let needs_ours = match neighbours.ours {
                Ours::App => line.check_port == other.status_port,
                Ours::Page => true,
                Ours::Marker => false,
            };
            if needs_ours && !beside.any(|one| serves(one, ports, true)) {
                return Err(match neighbours.ours {
                    Ours::Page => without_page(line, name, ports),
                    _ => lacking(line, name, ports, neighbours),
                });
            }
            siblings.push((*line).clone());
        }
    }
    Ok(siblings)
}

/// `target`: the one of the line.
fn without_page(line: &ServerState, target: &str, ports: AppPorts) -> Missing {
    let AppPorts {
        port, status_port, ..
    } = ports;
    let at = line.address.map(|ip| SocketAddr::new(ip, port));
    let at = at.map_or_else(|| format!("HOST:{port}"), |at| at.to_string());
    // As `agent haproxy-config` names it: `web1-page` beside `web1-blue`.
    let of_target = format!("-{target}");
    let host = line.server.strip_suffix(&of_target).unwrap_or(&line.server);
    Missing {
        what: format!("backend {} has no line for the page", line.backend),
        fix: format!(
            "add `server {host}-page {at} check port {status_port} backup`; `agent \
             haproxy-config` prints it"
        ),
        checks: None,
    }
}

/// There is no line of the marker.
pub(super) fn without_marker(ports: AppPorts) -> Missing {
    Missing {
        what: format!(
            "no backend has a line of this host for the marker (port {})",
            ports.status_port
        ),
        fix: "add the backend and the rule that `agent haproxy-config --readonly` prints, and \
              reload HAProxy"
            .to_owned(),
        checks: None,
    }
}

fn lacking(main: &ServerState, of: &str, ports: AppPorts, neighbours: &Neighbours) -> Missing {
    let AppPorts {
        port, status_port, ..
    } = ports;
    let target = neighbours.target.as_deref().unwrap_or_default();
    let address = main.address.map(|ip| SocketAddr::new(ip, port));
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
