//! Checks the app itself: where it listens, its health, and whether it can be restarted.

use super::Point;
use super::check::{Check, about, checks};
use super::connections::{self, Leaving};
use super::fault::Fault;
use std::net::SocketAddr;

checks! {
    ADDRESS "app-address":
        "the gate redirects a check to the first address of the interface that it comes in by, and one \
         from this host to loopback: an app that listens elsewhere is not reached";
    HEALTH "app-health":
        "a sick app is not put in rotation, and after a restart the gates stay closed until it is healthy";
    RESTART "app-restart":
        "a restart, upgrade or rollback that can't work takes the host out of rotation for nothing";
    BESIDE "app-beside":
        "a restart drains the lines of its own app only: other apps that it takes down lose requests";
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
    /// The address of the health check.
    pub probed: SocketAddr,
    /// Its result.
    pub health: Result<(), String>,
    /// The health check uses TLS, and does not verify the certificate.
    pub unverified: bool,
    /// Whether a health check is possible. Err: the health command or its CA file is not usable.
    pub askable: Result<(), Fault>,
    /// How the app is restarted.
    pub restarts_by: String,
    /// Whether that can work. Ok: what is only odd.
    pub restart: Result<Vec<Fault>, Fault>,
    /// The other apps that the restart takes down. Err: the configuration does not allow it.
    pub beside: Result<Vec<String>, Vec<Fault>>,
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
    let mut points = match (&app.askable, &app.health) {
        // One fault, one point.
        (Ok(()), Err(why)) if app.bound.is_empty() => vec![stopped(app, why)],
        _ => vec![address(app), health(app)],
    };
    points.extend(restart(app));
    points.extend(beside(app));
    points.extend(connections::point(app.port, &app.leaving));
    about(&app.app, points)
}

fn stopped(app: &App, why: &str) -> Point {
    HEALTH.error(
        format!("nothing listens on port {}: {why}", app.port),
        format!("start the app, or correct `port` in [app.{}]", app.app),
    )
}

/// Whether the app is reached. HAProxy's view decides, because the kernel picks the address of a
/// redirect.
fn address(app: &App) -> Point {
    let port = app.port;
    let bound: Vec<String> = app.bound.iter().map(SocketAddr::to_string).collect();
    let found = match bound.is_empty() {
        true => format!("nothing listens on port {port}"),
        false => format!("listens on {}", bound.join(", ")),
    };
    let is_up = app.through.iter().any(|one| one.is_up);
    let everywhere = app.bound.iter().any(|at| at.ip().is_unspecified());
    let bind = format!("bind the app to 0.0.0.0:{port} or [::]:{port}");
    match app.through.iter().find(|one| one.is_refused) {
        _ if is_up => ADDRESS.ok(format!("{found}; HAProxy's checks reach it through the gate")),
        // For example a port that Docker publishes without its proxy.
        _ if bound.is_empty() => ADDRESS.error(
            format!(
                "{found}, and the app answers: another rule (a container's DNAT) redirects that port, and what a \
                 gate has redirected meets no other rule"
            ),
            format!(
                "let a process listen on port {port}: Docker's userland-proxy, or the host's network"
            ),
        ),
        None if everywhere => {
            ADDRESS.unseen(format!("{found}; no line is UP that shows whether a gate reaches it"))
        }
        None => ADDRESS.warning(
            format!("{found} alone; a line that is UP will show whether a gate reaches that"),
            bind,
        ),
        Some(refused) if !everywhere => ADDRESS.error(
            format!("{found} alone, and {} is refused through the open gate (L4CON)", refused.line),
            bind,
        ),
        Some(refused) => through_everywhere(app, refused, &found),
    }
}

/// A check is refused although the app listens on all addresses.
fn through_everywhere(app: &App, refused: &Through, found: &str) -> Point {
    let (port, line) = (app.port, &refused.line);
    // A listener on `::` also accepts IPv4, unless it asked for IPv6 only.
    let is_v6 = app.bound.iter().all(SocketAddr::is_ipv6);
    let is_well = app.health.is_ok() && app.askable.is_ok();
    match is_v6 && refused.is_v4 && !is_well {
        true => ADDRESS.warning(
            format!("{found}, for IPv6 alone as it seems: {line} is refused"),
            format!("bind the app to 0.0.0.0:{port} as well"),
        ),
        false => ADDRESS.warning(
            format!("{found}, and {line} is refused through the open gate (L4CON)"),
            "is a firewall before that port, or connection tracking off for it (`notrack`)? nft list ruleset",
        ),
    }
}

fn health(app: &App) -> Point {
    let at = app.probed;
    match (&app.askable, &app.health) {
        (Err(fault), _) => HEALTH.error(&fault.found, &fault.fix),
        (_, Ok(())) if app.unverified => HEALTH.ok(format!(
            "healthy at {at}, whose certificate is not verified (verify = false)"
        )),
        (_, Ok(())) => HEALTH.ok(format!("healthy at {at}")),
        (_, Err(why)) => HEALTH.error(
            format!("not healthy at {at}: {why}"),
            format!("look after the app, or fix `health` in [app.{}]", app.app),
        ),
    }
}

/// Nothing is tried: ok is what systemd, the program's file or the pidfile shows.
fn restart(app: &App) -> Vec<Point> {
    match &app.restart {
        Ok(odd) => {
            let odd = odd.iter().map(|odd| RESTART.warning(&odd.found, &odd.fix));
            RESTART.or_ok(
                odd,
                format!("restart checked, not tried: {}", app.restarts_by),
            )
        }
        Err(fault) => {
            vec![RESTART.error(format!("can't be restarted: {}", fault.found), &fault.fix)]
        }
    }
}

/// The other apps that the restart takes down. Empty if there are none.
fn beside(app: &App) -> Vec<Point> {
    match &app.beside {
        Ok(meant) => meant.iter().map(|meant| BESIDE.ok(meant)).collect(),
        Err(faults) => {
            let points = faults.iter();
            points
                .map(|fault| BESIDE.error(&fault.found, &fault.fix))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Unseen, Warning};
    use super::*;

    fn app(bound: &[&str], through: &[Through]) -> App {
        App {
            app: "web".into(),
            port: 1000,
            bound: bound.iter().map(|at| at.parse().unwrap()).collect(),
            through: through.to_vec(),
            probed: "10.0.0.11:1000".parse().unwrap(),
            health: Ok(()),
            unverified: false,
            askable: Ok(()),
            restarts_by: "web.service".into(),
            restart: Ok(Vec::new()),
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
            ("127.0.0.1:1000", &sick, true, Warning, "a line that is UP will show"),
            ("0.0.0.0:1000", &sick, false, Unseen, "listens on 0.0.0.0:1000; no line is UP"),
            ("[::]:1000", &refused, false, Warning, "for IPv6 alone as it seems"),
            ("[::]:1000", &refused, true, Warning, "is refused through the open gate"),
            ("", &refused, true, Error, "a container's DNAT"),
        ] {
            let bound = Some(bound).filter(|at| !at.is_empty());
            let mut app = app(bound.as_slice(), through);
            app.health = is_well.then_some(()).ok_or("refused".into());
            let point = address(&app);
            assert!(point.verdict == verdict && point.found.contains(says), "{point:?}");
        }
    }

    #[test]
    fn an_app_that_does_not_run_is_one_point() {
        let mut stopped = app(&[], &through(false, true));
        stopped.health = Err("refused".into());
        assert_eq!(wrong(&stopped), [("app-health", Error)]);
        let point = points(&stopped).remove(0);
        assert_eq!(point.found, "nothing listens on port 1000: refused");
        assert!(point.fix.unwrap().starts_with("start the app"));
        stopped.askable = Err(Fault::of("no program; write it", ""));
        assert_eq!(
            wrong(&stopped),
            [("app-address", Error), ("app-health", Error)]
        );
    }

    #[test]
    fn health_and_restart_have_their_points() {
        let sound = app(&["0.0.0.0:1000"], &through(true, false));
        assert_eq!(wrong(&sound), []);
        let fault = || Fault::of("it's gone; fix: bring it back", "");
        let two = || vec![fault(); 2];
        type Change<'a> = &'a dyn Fn(&mut App);
        let cases: [(Change<'_>, &[(&str, Verdict)]); 7] = [
            (
                &|app| app.health = Err("it's gone".into()),
                &[("app-health", Error)],
            ),
            (&|app| app.askable = Err(fault()), &[("app-health", Error)]),
            (&|app| app.restart = Err(fault()), &[("app-restart", Error)]),
            (
                &|app| app.restart = Ok(two()),
                &[("app-restart", Warning); 2],
            ),
            (
                &|app| app.leaving = Leaving::Unknown(fault()),
                &[("connections", Error)],
            ),
            (&|app| app.beside = Err(two()), &[("app-beside", Error); 2]),
            (&|app| app.beside = Ok(vec!["it's meant".into()]), &[]),
        ];
        for (change, expected) in cases {
            let mut app = sound.clone();
            change(&mut app);
            assert_eq!(wrong(&app), expected);
        }
    }
}
