//! Pages and markers: whose lines are found as ours, and that no page counts as a server.

use super::super::super::siblings::siblings;
use super::super::super::{AppPorts, Missing, Neighbours, Ours};
use super::*;

const PAGE: AppPorts = of_its_own(1009, 2009);
const MARKER: AppPorts = of_its_own(2010, 2010);

const fn of_its_own(port: u16, status_port: u16) -> AppPorts {
    AppPorts {
        port,
        status_port,
        backup_status_port: None,
        health_port: None,
    }
}

/// Whose lines are looked for, and beside which ones.
fn view(ours: Ours) -> (AppPorts, Neighbours) {
    let (ports, other_targets) = match ours {
        Ours::App => (PORTS, Vec::new()),
        Ours::Page => (PAGE, vec![("web".into(), PORTS)]),
        Ours::Marker => (MARKER, Vec::new()),
    };
    let neighbours = Neighbours {
        other_targets,
        page: Some(PAGE),
        ours,
        ..Neighbours::default()
    };
    (ports, neighbours)
}

/// What is found among these lines of hosts 11 and 12, on host 11.
fn found(ours: Ours, servers: Vec<ServerState>) -> Result<Found, Missing> {
    let (ports, neighbours) = view(ours);
    let is_ours = |one: &ServerState| one.address == Some([10, 0, 0, 11].into());
    Ok(Found {
        siblings: siblings(&servers, ports, &neighbours, is_ours)?,
        own: find(&servers, ports, is_ours)?,
        neighbours,
        servers,
    })
}

fn in_backend(backend: &str, line: ServerState) -> ServerState {
    ServerState {
        backend: backend.into(),
        ..line
    }
}

fn lines() -> Vec<ServerState> {
    let on_host = |host: u8| {
        [
            server(&format!("web{host}"), host, 1000, 2000),
            server(&format!("bkp{host}"), host, 1000, 3000),
            server(&format!("page{host}"), host, 1009, 2009),
            in_backend("readonly", server(&format!("ro{host}"), host, 2010, 0)),
        ]
    };
    [on_host(11), on_host(12)].concat()
}

#[test]
fn each_view_finds_its_own_lines() {
    for (ours, own, beside) in [
        (Ours::App, "web11 Main, bkp11 Twin", ""),
        (Ours::Page, "page11 Main", "web11, bkp11"),
        (Ours::Marker, "ro11 Main", ""),
    ] {
        let found = found(ours, lines()).unwrap();
        let role = found.own.iter();
        let role = role.map(|own| format!("{} {:?}", own.server, own.role));
        assert_eq!(role.collect::<Vec<_>>().join(", "), own);
        let names = found.siblings.iter().map(|line| line.server.as_str());
        assert_eq!(names.collect::<Vec<_>>().join(", "), beside);
    }
}

/// The app is not concerned by a backend that has only its page. The page must be in each backend that
/// serves the app.
#[test]
fn a_backend_without_a_page_line_is_the_pages_affair() {
    let only_page = in_backend("maint", server("page11", 11, 1009, 2009));
    let servers = [lines(), vec![only_page]].concat();
    assert!(found(Ours::App, servers.clone()).is_ok());
    assert_eq!(found(Ours::Page, servers).unwrap().own.len(), 2);
    let api = in_backend("api", server("web11", 11, 1000, 2000));
    let servers = [lines(), vec![api]].concat();
    assert!(found(Ours::App, servers.clone()).is_ok());
    assert_eq!(
        found(Ours::Page, servers).unwrap_err().to_string(),
        "backend api has no line for the page: add `server web11-page 10.0.0.11:1009 check port 2009 \
         backup`; `agent haproxy-config` prints it"
    );
}

/// Whatever HAProxy shows of it, and also if its line is no backup line by mistake.
#[test]
fn no_page_counts_as_a_server() {
    let shown = |page: &str, is_backup: bool, web: &str, twin: &str| {
        let stats = vec![
            stat("web11", false, "UP"),
            stat("bkp11", true, "UP"),
            stat("page11", is_backup, page),
            stat("web12", false, web),
            stat("bkp12", true, twin),
            stat("page12", is_backup, page),
        ];
        let found = found(Ours::App, lines()).unwrap();
        let capacity = BackendCapacity::count("a", &found, &stats);
        (capacity.servers, capacity.usable, capacity.claimed.len())
    };
    for page in ["UP", "DOWN", "UP 1/2", "MAINT", "no check"] {
        for is_backup in [true, false] {
            let shown = |web, twin| shown(page, is_backup, web, twin);
            assert_eq!(shown("UP", "UP"), (2, 1, 0), "{page} {is_backup}");
            assert_eq!(shown("UP", "DOWN"), (2, 1, 1), "{page} {is_backup}");
            assert_eq!(shown("DOWN", "DOWN"), (2, 0, 0), "{page} {is_backup}");
        }
    }
}
