//! Checks the app itself: where it listens, its health, and whether it can be restarted.

use super::Point;
use super::check::{Check, checks};
use super::connections::{self, Leaving};
use super::host::parted;
use std::net::SocketAddr;

checks! {
    ADDRESS "app-address":
        "the gate redirects a check to the first address of the interface that it comes in by, and one \
         from this host to loopback: an app that listens elsewhere is not reached";
    HEALTH "app-health":
        "a sick app is not put in rotation, and after a restart the gates stay closed until it is healthy";
    RESTART "app-restart":
        "what restarts, upgrades or rolls back the app must be there before the host is taken out for it";
    BESIDE "app-beside":
        "a restart drains the lines of its own app only: what else it takes down loses requests";
}

/// The facts about an app.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub app: String,
    pub port: u16,
    /// The addresses that it listens on.
    pub bound: Vec<SocketAddr>,
    /// The lines whose gates are open, as HAProxy shows them.
    pub through: Vec<Through>,
    /// The address of the health check, and its result.
    pub health: (SocketAddr, Result<(), String>),
    /// The health check uses TLS, and does not verify the certificate.
    pub unverified: bool,
    /// Whether a health check is possible. Err: the health command or its CA file is not usable.
    pub askable: Result<(), String>,
    /// How the app is restarted, and whether that can work. Ok holds warnings.
    pub restart: (String, Result<Vec<String>, String>),
    /// The other apps that the restart takes down. Err: the configuration does not allow it.
    pub beside: Result<Vec<String>, Vec<String>>,
    /// How the agent sees what leaving workers carry.
    pub leaving: Leaving,
}

/// A line whose checks come through an open gate.
#[derive(Debug, Clone)]
pub(crate) struct Through {
    /// `BACKEND/SERVER`
    pub line: String,
    pub is_v4: bool,
    /// It is UP.
    pub is_up: bool,
    /// It is DOWN because its checks are refused (L4CON).
    pub is_refused: bool,
}

pub(super) fn points(app: &App) -> Vec<Point> {
    let mut points = vec![address(app)];
    points.push(health(app));
    points.extend(restart(app));
    points.extend(beside(app));
    points.extend(connections::point(&app.app, app.port, &app.leaving));
    points
}

/// Whether the app is reached. HAProxy's view decides, because the kernel picks the address of a
/// redirect.
fn address(app: &App) -> Point {
    let (name, port) = (&app.app, app.port);
    let bound: Vec<String> = app.bound.iter().map(SocketAddr::to_string).collect();
    let (none, bound) = (bound.is_empty(), bound.join(", "));
    let is_well = app.health.1.is_ok() && app.askable.is_ok();
    let is_up = app.through.iter().any(|one| one.is_up);
    let refused = app.through.iter().find(|one| one.is_refused);
    let line = refused.map_or("", |refused| &refused.line);
    let everywhere = app.bound.iter().any(|at| at.ip().is_unspecified());
    let is_v6 = app.bound.iter().all(SocketAddr::is_ipv6);
    let found = match none {
        true => format!("nothing listens on port {port}"),
        false => format!("listens on {bound}"),
    };
    let bind = format!("bind the app to 0.0.0.0:{port} or [::]:{port}");
    match refused {
        _ if none && !is_well => ADDRESS.error(
            name,
            found,
            format!("start the app, or correct `port` in [app.{name}]"),
        ),
        _ if is_up => ADDRESS.ok(
            name,
            format!("{found}; HAProxy's checks reach it through the gate"),
        ),
        // For example a port that Docker publishes without its proxy.
        _ if none => {
            let found = format!(
                "{found}, and the app answers: another rule (a container's DNAT) redirects that port, and what a \
                 gate has redirected meets no other rule"
            );
            let fix = format!(
                "let a process listen on port {port}: Docker's userland-proxy, or the host's network"
            );
            ADDRESS.error(name, found, fix)
        }
        None if everywhere => ADDRESS.ok(name, found),
        None => {
            let found = format!("{found} alone; whether a gate reaches that shows when it is open");
            ADDRESS.warning(name, found, bind)
        }
        Some(_) if !everywhere => {
            let found =
                format!("{found} alone, and {line} is refused through the open gate (L4CON)");
            ADDRESS.error(name, found, bind)
        }
        // A listener on `::` also accepts IPv4, unless it asked for IPv6 only.
        Some(refused) if is_v6 && refused.is_v4 && !is_well => {
            let found = format!("{found}, for IPv6 alone as it seems: {line} is refused");
            ADDRESS.warning(
                name,
                found,
                format!("bind the app to 0.0.0.0:{port} as well"),
            )
        }
        Some(_) => {
            let found = format!("{found}, and {line} is refused through the open gate (L4CON)");
            let fix = "is a firewall before that port, or connection tracking off for it (`notrack`)? nft list ruleset";
            ADDRESS.warning(name, found, fix)
        }
    }
}

fn health(app: &App) -> Point {
    let (at, health) = &app.health;
    if let Err(why) = &app.askable {
        let (found, fix) = parted(why, "fix `health`");
        return HEALTH.error(&app.app, found, fix);
    }
    match health {
        Ok(()) if app.unverified => {
            let found =
                format!("healthy at {at}, whose certificate is not verified (verify = false)");
            HEALTH.ok(&app.app, found)
        }
        Ok(()) => HEALTH.ok(&app.app, format!("healthy at {at}")),
        Err(why) => HEALTH.error(
            &app.app,
            format!("not healthy at {at}: {why}"),
            format!("look after the app, or fix `health` in [app.{}]", app.app),
        ),
    }
}

fn restart(app: &App) -> Vec<Point> {
    let ((how, works), name) = (&app.restart, &app.app);
    let otherwise = format!("correct `restart`, `upgrade` or `rollback` in [app.{name}]");
    match works {
        Ok(odd) => {
            let odd = odd.iter().map(|odd| parted(odd, &otherwise));
            let odd = odd.map(|(found, fix)| RESTART.warning(name, found, fix));
            RESTART.or_ok(odd.collect(), name, format!("can be restarted: {how}"))
        }
        Err(why) => {
            let (found, fix) = parted(why, &otherwise);
            vec![RESTART.error(name, format!("can't be restarted: {found}"), fix)]
        }
    }
}

/// The other apps that the restart takes down. Empty if there are none.
fn beside(app: &App) -> Vec<Point> {
    let error = |(found, fix): (String, String)| BESIDE.error(&app.app, found, fix);
    match &app.beside {
        Ok(meant) => meant
            .iter()
            .map(|meant| BESIDE.ok(&app.app, meant))
            .collect(),
        Err(reasons) => reasons
            .iter()
            .map(|reason| error(parted(reason, "")))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Warning};
    use super::*;

    fn app(bound: &[&str], through: &[Through]) -> App {
        App {
            app: "web".into(),
            port: 1000,
            bound: bound.iter().map(|at| at.parse().unwrap()).collect(),
            through: through.to_vec(),
            health: ("10.0.0.11:1000".parse().unwrap(), Ok(())),
            unverified: false,
            askable: Ok(()),
            restart: ("web.service".into(), Ok(Vec::new())),
            beside: Ok(Vec::new()),
            leaving: Leaving::NoLines,
        }
    }

    fn through(is_up: bool, is_refused: bool) -> Vec<Through> {
        vec![Through {
            line: "srvs/web1".into(),
            is_v4: true,
            is_up,
            is_refused,
        }]
    }

    fn wrong(app: &App) -> Vec<(&'static str, Verdict)> {
        let points = points(app)
            .into_iter()
            .filter(|point| point.verdict != Well);
        points.map(|point| (point.check, point.verdict)).collect()
    }

    #[test]
    #[rustfmt::skip]
    fn haproxy_shows_whether_the_app_is_reached() {
        let (up, refused, sick) = (
            through(true, false),
            through(false, true),
            through(false, false),
        );
        for (bound, through, is_well, verdict, says) in [
            ("127.0.0.1:1000", &up, true, Well, "reach it through the gate"),
            ("127.0.0.1:1000", &refused, true, Error, "alone, and srvs/web1 is refused"),
            ("127.0.0.1:1000", &sick, true, Warning, "shows when it is open"),
            ("0.0.0.0:1000", &sick, false, Well, "listens on 0.0.0.0:1000"),
            ("[::]:1000", &refused, false, Warning, "for IPv6 alone as it seems"),
            ("[::]:1000", &refused, true, Warning, "is refused through the open gate"),
            ("", &refused, false, Error, "nothing listens on port 1000"),
            ("", &refused, true, Error, "a container's DNAT"),
        ] {
            let bound: Vec<&str> = Some(bound)
                .filter(|at| !at.is_empty())
                .into_iter()
                .collect();
            let mut app = app(&bound, through);
            app.health.1 = if is_well {
                Ok(())
            } else {
                Err("refused".into())
            };
            let point = address(&app);
            assert!(
                point.verdict == verdict && point.found.contains(says),
                "{point:?}"
            );
            let starts = point.fix.unwrap_or_default().starts_with("start the app");
            assert_eq!(starts, bound.is_empty() && !is_well, "{says}");
        }
    }

    #[test]
    fn health_and_restart_have_their_points() {
        let sound = app(&["0.0.0.0:1000"], &[]);
        assert_eq!(wrong(&sound), []);
        let why = || Err::<(), String>("it's gone; fix: bring it back".into());
        let of = |change: &dyn Fn(&mut App)| {
            let mut app = sound.clone();
            change(&mut app);
            wrong(&app)
        };
        assert_eq!(of(&|app| app.health.1 = why()), [("app-health", Error)]);
        assert_eq!(of(&|app| app.askable = why()), [("app-health", Error)]);
        let restart = |result: Result<Vec<String>, String>| {
            of(&|app: &mut App| app.restart.1 = result.clone())
        };
        assert_eq!(restart(Err("it's gone".into())), [("app-restart", Error)]);
        let odd = vec!["it's odd; look".to_owned(); 2];
        assert_eq!(restart(Ok(odd)), [("app-restart", Warning); 2]);
        let unknown = || Leaving::Unknown("no table".into());
        assert_eq!(of(&|app| app.leaving = unknown()), [("connections", Error)]);
        let beside = || vec!["app https, too; close it".to_owned(); 2];
        let both = [("app-beside", Error); 2];
        assert_eq!(of(&|app| app.beside = Err(beside())), both);
        assert_eq!(of(&|app| app.beside = Ok(beside())), []);
    }
}
