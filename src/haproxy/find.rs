//! Finds our server lines. The address is one of this host's, the port is the app's, and the
//! checked port shows the role. A line without a port sends users to the port that they came by:
//! it is ours if it checks a gate of ours, or if it is beside such a line and checks
//! the app. Pure.

use super::{Role, ServerState};
use std::net::{IpAddr, SocketAddr};

/// The ports that identify an app's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppPorts {
    /// The app's own port.
    pub port: u16,
    /// What the main line checks.
    pub status_port: u16,
    /// What the twin checks in the two-stage layout.
    pub backup_status_port: Option<u16>,
    /// The port of this host that answers the checks in place of the app's, if it is another one.
    pub health_port: Option<u16>,
}

impl AppPorts {
    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = u16> {
        let two = [self.port, self.status_port].into_iter();
        two.chain(self.backup_status_port)
    }
}

/// One line of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Backend id.
    pub backend_id: u64,
    /// Backend name.
    pub backend: String,
    /// Server id.
    pub server_id: u64,
    /// Server name.
    pub server: String,
    /// Main or twin.
    pub role: Role,
    /// The address that HAProxy sends the traffic to; None: the line was found by name only.
    pub address: Option<SocketAddr>,
    /// The address that HAProxy checks, if it is another one.
    pub check_address: Option<IpAddr>,
}

/// Our lines are missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {fix}")]
pub struct Missing {
    /// What is missing or wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
    /// The port that a line of the app checks, and no gate of the app redirects.
    pub checks: Option<u16>,
}

impl From<Missing> for String {
    fn from(missing: Missing) -> String {
        missing.to_string()
    }
}

/// Finds the app's lines.
///
/// # Errors
///
/// None is there, or one of them does not fit.
pub fn find(
    servers: &[ServerState],
    ports: AppPorts,
    is_ours: impl Fn(&ServerState) -> bool,
) -> Result<Vec<Own>, Missing> {
    let ours: Vec<&ServerState> = servers.iter().filter(|server| is_ours(server)).collect();
    let is_gated = |server: &&&ServerState| server.check_port == ports.status_port;
    let gated = ours.iter().filter(is_gated).map(|main| &main.backend);
    let gated: Vec<&String> = gated.collect();
    let serving = ours
        .iter()
        .filter(|server| serves(server, ports, gated.contains(&&server.backend)));
    let own: Vec<Own> = serving
        .map(|server| own(server, ports))
        .collect::<Result<_, _>>()?;
    if own.is_empty() {
        return Err(none_found(&ours, ports.port));
    }
    match own.iter().find(|line| !has_main(&own, &line.backend)) {
        None => Ok(own),
        Some(Own {
            backend, server, ..
        }) => Err(Missing {
            what: format!(
                "backend {backend} serves this app by {server}, but none of its lines for this host checks \
                 the status port"
            ),
            fix: format!("add a server line with `check port {}`", ports.status_port),
            checks: None,
        }),
    }
}

/// The app and the health service may answer the checks of other lines, too: without a port such a
/// line is ours only in a backend that is `gated`.
pub(super) fn serves(server: &ServerState, ports: AppPorts, gated: bool) -> bool {
    match (server.port, server.check_port) {
        (0, 0) => false,
        (0, checked) => {
            let gate = [Some(ports.status_port), ports.backup_status_port];
            let app = [Some(ports.port), ports.health_port];
            gate.contains(&Some(checked)) || (gated && app.contains(&Some(checked)))
        }
        (port, _) => port == ports.port,
    }
}

fn own(server: &ServerState, ports: AppPorts) -> Result<Own, Missing> {
    let role = match server.check_port {
        checked if checked == ports.status_port => Role::Main,
        // A marker: it has no other port.
        0 if ports.port == ports.status_port => Role::Main,
        checked if Some(checked) == ports.backup_status_port => Role::Twin,
        checked if checked == 0 || checked == ports.port => Role::ClassicTwin,
        checked if Some(checked) == ports.health_port => Role::ClassicTwin,
        checked => {
            return Err(Missing {
                what: format!(
                    "{}/{} checks port {checked}, but no gate of this app redirects that port",
                    server.backend, server.server
                ),
                fix: format!(
                    "set `status_port` (or, for a backup line, `backup_status_port`) to \
                     {checked}, or fix the server line"
                ),
                checks: Some(checked),
            });
        }
    };
    let port = |at: SocketAddr| SocketAddr::new(at.ip(), ports.port);
    let own = Own::new(server, role);
    let address = own.address.map(port);
    Ok(Own { address, ..own })
}

impl Own {
    /// A line of ours with its role.
    pub fn new(server: &ServerState, role: Role) -> Own {
        Own {
            backend_id: server.backend_id,
            backend: server.backend.clone(),
            server_id: server.server_id,
            server: server.server.clone(),
            role,
            address: server.address.map(|ip| SocketAddr::new(ip, server.port)),
            check_address: server.check_address,
        }
    }

    /// The address that HAProxy checks; None: not known.
    pub fn checked_address(&self) -> Option<IpAddr> {
        self.check_address.or(self.address.map(|own| own.ip()))
    }
}

fn has_main(own: &[Own], backend: &str) -> bool {
    own.iter()
        .any(|line| line.backend == backend && line.role == Role::Main)
}

fn none_found(ours: &[&ServerState], port: u16) -> Missing {
    let fix =
        "set [agent] addresses, or name the lines with backend, main and backup in [[haproxy]]";
    if ours.is_empty() {
        return Missing {
            what: "no server line has an address of this host".to_owned(),
            fix: fix.to_owned(),
            checks: None,
        };
    }
    let lines: Vec<String> = ours
        .iter()
        .map(|s| format!("{}/{}:{}", s.backend, s.server, s.port))
        .collect();
    Missing {
        what: format!(
            "no server line of this host has port {port} (there are {})",
            lines.join(", ")
        ),
        fix: format!("fix `port`, or {fix}"),
        checks: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const PORTS: AppPorts = AppPorts {
        port: 1000,
        status_port: 2000,
        backup_status_port: Some(3000),
        health_port: None,
    };

    fn server(
        backend: &str,
        server: &str,
        address: &str,
        port: u16,
        check_port: u16,
    ) -> ServerState {
        ServerState {
            backend_id: 3,
            backend: backend.into(),
            server_id: 1,
            server: server.into(),
            address: address.parse().ok(),
            port,
            check_port,
            check_address: None,
            fqdn: None,
        }
    }

    fn on_host(servers: &[ServerState]) -> Result<Vec<(String, Role)>, Missing> {
        let is_ours = |s: &ServerState| s.address == "10.0.0.11".parse().ok();
        let own = find(servers, PORTS, is_ours)?;
        Ok(own.into_iter().map(|own| (own.server, own.role)).collect())
    }

    #[test]
    fn the_checked_port_shows_main_twin_and_classic_twin() {
        let servers = [
            server("a", "web1", "10.0.0.11", 1000, 2000),
            server("a", "web2", "10.0.0.12", 1000, 2000),
            server("a", "bkp1", "10.0.0.11", 1000, 3000),
            server("b", "web1", "10.0.0.11", 1000, 2000),
            server("b", "bkp1", "10.0.0.11", 1000, 0),
            server("c", "other", "10.0.0.11", 1001, 2001),
        ];
        let roles: Vec<Role> = on_host(&servers)
            .unwrap()
            .into_iter()
            .map(|(_, role)| role)
            .collect();
        assert_eq!(
            roles,
            [Role::Main, Role::Twin, Role::Main, Role::ClassicTwin]
        );
    }

    #[test]
    fn a_twin_may_check_the_health_service() {
        let servers = [
            server("a", "web1", "10.0.0.11", 1000, 2000),
            server("a", "bkp1", "10.0.0.11", 1000, 9200),
        ];
        assert!(find(&servers, PORTS, |_| true).is_err());
        let ports = AppPorts {
            health_port: Some(9200),
            ..PORTS
        };
        let own = find(&servers, ports, |_| true).unwrap();
        assert_eq!(own[1].role, Role::ClassicTwin);
    }

    #[test]
    fn a_backend_without_a_gated_line_or_with_a_strange_check_port_is_an_error() {
        let ungated = [
            server("a", "web1", "10.0.0.11", 1000, 2000),
            server("b", "w", "10.0.0.11", 1000, 0),
        ];
        assert!(
            on_host(&ungated)
                .unwrap_err()
                .to_string()
                .starts_with("backend b serves this app by w")
        );
        let strange = [server("a", "web1", "10.0.0.11", 1000, 2009)];
        assert!(
            on_host(&strange)
                .unwrap_err()
                .to_string()
                .starts_with("a/web1 checks port 2009")
        );
    }

    #[test]
    fn a_line_without_a_port_is_ours_by_its_check_port() {
        let servers = [
            server("a", "web1", "10.0.0.11", 0, 2000),
            server("a", "bkp1", "10.0.0.11", 0, 3000),
            server("a", "other", "10.0.0.11", 0, 2001),
            server("a", "plain", "10.0.0.11", 0, 0),
        ];
        let own = find(&servers, PORTS, |_| true).unwrap();
        let roles: Vec<Role> = own.iter().map(|own| own.role).collect();
        assert_eq!(roles, [Role::Main, Role::Twin]);
        assert_eq!(own[0].address, Some("10.0.0.11:1000".parse().unwrap()));
    }

    #[test]
    fn a_twin_without_a_port_checks_the_app_or_the_health_service() {
        let servers = [
            server("a", "web1", "10.0.0.11", 0, 2000),
            server("a", "bkp1", "10.0.0.11", 0, 1000),
            server("a", "bkp2", "10.0.0.11", 0, 9200),
            // Another app's line: the same health service answers its check.
            server("b", "other", "10.0.0.11", 0, 9200),
            // Serves the users of another port, and only asks this app whether the host is well.
            server("c", "any1", "10.0.0.11", 0, 1000),
        ];
        let ports = AppPorts {
            health_port: Some(9200),
            ..PORTS
        };
        let own = find(&servers, ports, |_| true).unwrap();
        let roles: Vec<Role> = own.iter().map(|own| own.role).collect();
        assert_eq!(roles, [Role::Main, Role::ClassicTwin, Role::ClassicTwin]);
    }

    #[test]
    fn checks_may_go_to_an_address_of_their_own() {
        let head =
            "1\n# be_id be_name srv_id srv_name srv_addr srv_port srv_check_port srv_check_addr";
        let rows =
            "3 srvs 1 web1 10.0.0.11 1000 2000 fd00::11\n3 srvs 2 bkp1 10.0.0.11 1000 3000 -";
        let servers = ServerState::parse(&format!("{head}\n{rows}")).unwrap();
        let own = find(&servers, PORTS, |_| true).unwrap();
        let checked: Vec<_> = own.iter().map(Own::checked_address).collect();
        let wanted = ["fd00::11", "10.0.0.11"].map(|ip| ip.parse().ok());
        assert_eq!(checked, wanted);
    }

    #[test]
    fn no_line_of_this_host_and_none_of_this_port_are_two_errors() {
        let elsewhere = [server("a", "web2", "10.0.0.12", 1000, 2000)];
        assert!(
            on_host(&elsewhere)
                .unwrap_err()
                .to_string()
                .starts_with("no server line has an address")
        );
        let other_port = [server("a", "web1", "10.0.0.11", 8080, 2000)];
        assert!(
            on_host(&other_port)
                .unwrap_err()
                .to_string()
                .contains("a/web1:8080")
        );
    }
}
