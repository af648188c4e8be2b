//! The app itself: where it listens, whether it is healthy, and whether it can be restarted.

use super::Point;
use super::check::Check;
use super::connections::{self, Leaving};
use super::host::parted;
use std::net::{IpAddr, SocketAddr};

const ADDRESS: Check = Check {
    name: "app-address",
    why: "the redirect leads a check to the first address of the interface that it comes in by, \
          and those from this host to loopback: an app bound elsewhere is never reached",
};
const HEALTH: Check = Check {
    name: "app-health",
    why: "a sick app is not put in rotation, and after a restart the gates stay closed until it \
          is healthy",
};
const RESTART: Check = Check {
    name: "app-restart",
    why: "what restarts, upgrades or rolls back the app must be there before the host is taken \
          out for it",
};
const BESIDE: Check = Check {
    name: "app-beside",
    why: "a restart drains the lines of its own app only: what else it takes down loses requests",
};

/// What is looked at.
#[derive(Debug, Clone)]
pub struct App {
    pub app: String,
    pub port: u16,
    /// Where it listens.
    pub bound: Vec<SocketAddr>,
    /// Where the redirect may lead the checks of each line: the line, and the addresses; none
    /// where that is not known. None: HAProxy shows no line of ours.
    pub led_to: Option<Vec<(String, Vec<IpAddr>)>>,
    /// Lines by IPv4 whose checks HAProxy finds refused although the gate is open.
    pub refused: Vec<String>,
    /// Where it was asked, and what is wrong with it.
    pub health: (SocketAddr, Result<(), String>),
    /// It is asked by TLS, and its certificate is not verified.
    pub unverified: bool,
    /// Why it could not be asked: the health command, or the file of its CA.
    pub askable: Result<(), String>,
    /// How it is restarted, and why that could not work. Ok: what is only odd.
    pub restart: (String, Result<Vec<String>, String>),
    /// What else the restart takes down, though that is meant; Err: and nobody has said so.
    pub beside: Result<Vec<String>, Vec<String>>,
    /// How it can be known what leaving workers carry.
    pub leaving: Leaving,
}

pub(super) fn points(app: &App) -> Vec<Point> {
    let mut points = address(app);
    points.push(health(app));
    points.extend(restart(app));
    points.extend(beside(app));
    points.extend(connections::point(&app.app, app.port, &app.leaving));
    points
}

fn address(app: &App) -> Vec<Point> {
    let (name, port) = (&app.app, app.port);
    let bound: Vec<String> = app.bound.iter().map(SocketAddr::to_string).collect();
    let bound = bound.join(", ");
    if let Some(point) = v6_alone(app, &bound) {
        return vec![point];
    }
    if app.bound.is_empty() {
        let found = format!("nothing listens on port {port}");
        return vec![ADDRESS.error(
            name,
            found,
            format!("start the app, or mend `port` in [app.{name}]"),
        )];
    }
    let mut missed: Vec<IpAddr> = Vec::new();
    for (_, to) in app.led_to.iter().flatten() {
        // Surely missed is what is reached at none of them.
        if !to.iter().any(|to| is_reached(&app.bound, *to)) {
            missed.extend(to.first().filter(|to| !missed.contains(*to)));
        }
    }
    if missed.is_empty() {
        let unknown = unknown(app);
        return vec![match unknown {
            None => ADDRESS.ok(
                name,
                format!("listens on {bound}, where the redirect leads"),
            ),
            Some(whose) => ADDRESS.warning(
                name,
                format!("listens on {bound}; where {whose} checks come in can't be told"),
                format!("bind the app to 0.0.0.0:{port} or [::]:{port}"),
            ),
        }];
    }
    let point = |to: &IpAddr| {
        let wildcard = if to.is_ipv6() {
            format!("[::]:{port}")
        } else {
            format!("0.0.0.0:{port}")
        };
        ADDRESS.error(
            name,
            format!(
                "listens on {bound}, but the redirect leads to {}",
                SocketAddr::new(*to, port)
            ),
            format!(
                "bind the app to {wildcard}, or to {} as well",
                SocketAddr::new(*to, port)
            ),
        )
    };
    missed.iter().map(point).collect()
}

/// Whose checks come in where nobody knows whether the app listens there.
fn unknown(app: &App) -> Option<String> {
    let everywhere = |to: &[IpAddr]| match to {
        [] => app.bound.iter().any(|at| at.ip().is_unspecified()),
        to => to.iter().all(|to| is_reached(&app.bound, *to)),
    };
    match &app.led_to {
        None => (!everywhere(&[])).then(|| "HAProxy's".to_owned()),
        Some(led_to) => {
            let (line, _) = led_to.iter().find(|(_, to)| !everywhere(to))?;
            Some(format!("{line}'s"))
        }
    }
}

/// A listener on `::` takes IPv4, too, unless it asked for IPv6 alone, which no table tells:
/// HAProxy's own word does.
fn v6_alone(app: &App, bound: &str) -> Option<Point> {
    let six = |at: &SocketAddr| at.is_ipv6() && at.ip().is_unspecified();
    let line = app.refused.first()?;
    (!app.bound.is_empty() && app.bound.iter().all(six)).then(|| {
        let found = format!("listens on {bound}, for IPv6 alone as it seems: {line} is refused");
        let mend = format!("bind the app to 0.0.0.0:{} as well", app.port);
        ADDRESS.warning(&app.app, found, mend)
    })
}

fn is_reached(bound: &[SocketAddr], to: IpAddr) -> bool {
    bound.iter().any(|at| match at.ip().to_canonical() {
        IpAddr::V4(v4) if v4.is_unspecified() => to.is_ipv4(),
        at if at.is_unspecified() => true,
        at => at == to,
    })
}

fn health(app: &App) -> Point {
    let (at, health) = &app.health;
    if let Err(why) = &app.askable {
        let (found, mend) = parted(why, "mend `health`");
        return HEALTH.error(&app.app, found, mend);
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
            format!("look after the app, or mend `health` in [app.{}]", app.app),
        ),
    }
}

fn restart(app: &App) -> Vec<Point> {
    let (how, works) = &app.restart;
    let otherwise = format!(
        "correct `restart`, `upgrade` or `rollback` in [app.{}]",
        app.app
    );
    match works {
        Ok(odd) if odd.is_empty() => {
            vec![RESTART.ok(&app.app, format!("can be restarted: {how}"))]
        }
        Ok(odd) => {
            let odd = odd.iter().map(|odd| parted(odd, &otherwise));
            odd.map(|(found, mend)| RESTART.warning(&app.app, found, mend))
                .collect()
        }
        Err(why) => {
            let (found, mend) = parted(why, &otherwise);
            let found = format!("can't be restarted: {found}");
            vec![RESTART.error(&app.app, found, mend)]
        }
    }
}

/// Nothing, where nothing else goes down.
fn beside(app: &App) -> Vec<Point> {
    match &app.beside {
        Ok(meant) => {
            let told = meant.iter();
            told.map(|told| BESIDE.ok(&app.app, told.clone())).collect()
        }
        Err(reasons) => {
            let reasons = reasons.iter().map(|reason| parted(reason, ""));
            reasons
                .map(|(found, mend)| BESIDE.error(&app.app, found, mend))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Warning};
    use super::*;

    fn app(bound: &[&str], to: &[&str]) -> App {
        App {
            app: "web".into(),
            port: 1000,
            bound: bound.iter().map(|at| at.parse().unwrap()).collect(),
            led_to: Some(vec![(
                "srvs/web1".into(),
                to.iter().map(|to| to.parse().unwrap()).collect(),
            )]),
            refused: Vec::new(),
            health: ("10.0.0.11:1000".parse().unwrap(), Ok(())),
            unverified: false,
            askable: Ok(()),
            restart: ("web.service".into(), Ok(Vec::new())),
            beside: Ok(Vec::new()),
            leaving: Leaving::NoLines,
        }
    }

    fn wrong(app: &App) -> Vec<(&'static str, Verdict)> {
        let points = points(app)
            .into_iter()
            .filter(|point| point.verdict != Well);
        points.map(|point| (point.check, point.verdict)).collect()
    }

    #[test]
    fn the_redirect_reaches_the_app_or_not() {
        for (bound, to, verdict) in [
            (&["0.0.0.0:1000"][..], Some("10.0.0.11"), Well),
            (&["[::]:1000"], Some("10.0.0.11"), Well),
            (&["[::]:1000"], Some("fd00::11"), Well),
            (&["0.0.0.0:1000"], Some("fd00::11"), Error),
            (&["10.0.0.11:1000"], Some("10.0.0.11"), Well),
            (&["[::ffff:10.0.0.11]:1000"], Some("10.0.0.11"), Well),
            (&["127.0.0.1:1000"], Some("10.0.0.11"), Error),
            (&["10.0.0.12:1000"], Some("10.0.0.11"), Error),
            (
                &["127.0.0.1:1000", "10.0.0.11:1000"],
                Some("10.0.0.11"),
                Well,
            ),
            (&["127.0.0.1:1000"], Some("127.0.0.1"), Well),
            (&["10.0.0.11:1000"], Some("127.0.0.1"), Error),
            (&[], Some("10.0.0.11"), Error),
        ] {
            let to: Vec<&str> = to.into_iter().collect();
            let point = address(&app(bound, &to)).remove(0);
            assert_eq!(point.verdict, verdict, "{bound:?} {to:?}: {}", point.found);
        }
    }

    #[test]
    fn a_redirect_that_may_lead_to_several_addresses_is_told_where_one_is_missed() {
        let either = ["127.0.0.1", "10.0.0.11"];
        for (bound, to, verdict) in [
            ("10.0.0.11:1000", &[][..], Warning),
            ("0.0.0.0:1000", &[], Well),
            ("0.0.0.0:1000", &either, Well),
            ("127.0.0.1:1000", &either, Warning),
            ("10.0.0.11:1000", &either, Warning),
            ("10.0.0.12:1000", &either, Error),
        ] {
            let points = address(&app(&[bound], to));
            let verdicts: Vec<Verdict> = points.iter().map(|point| point.verdict).collect();
            assert_eq!(verdicts, [verdict], "{bound} {to:?}");
        }
    }

    /// As while no balancer answers. Classic twins alone are led nowhere.
    #[test]
    fn without_lines_only_an_app_that_listens_everywhere_is_reached() {
        for (bound, led_to, verdict) in [
            ("127.0.0.1:1000", None, Warning),
            ("0.0.0.0:1000", None, Well),
            ("[::]:1000", None, Well),
            ("127.0.0.1:1000", Some(vec![]), Well),
        ] {
            let mut app = app(&[bound], &[]);
            app.led_to = led_to;
            assert_eq!(address(&app)[0].verdict, verdict, "{bound}");
        }
    }

    #[test]
    fn a_listener_for_ipv6_alone_is_told_by_haproxy() {
        for (bound, verdict) in [
            (&["[::]:1000"][..], Warning),
            (&["[::]:1000", "0.0.0.0:1000"], Well),
            (&["0.0.0.0:1000"], Well),
        ] {
            let mut app = app(bound, &["10.0.0.11"]);
            assert_eq!(address(&app)[0].verdict, Well, "{bound:?}");
            app.refused = vec!["srvs/web1".into()];
            assert_eq!(address(&app)[0].verdict, verdict, "{bound:?}");
        }
    }

    #[test]
    fn health_and_restart_have_their_points() {
        let sound = app(&["0.0.0.0:1000"], &["10.0.0.11"]);
        assert_eq!(wrong(&sound), []);
        let why = || Err::<(), String>("it's gone; mend: bring it back".into());
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
