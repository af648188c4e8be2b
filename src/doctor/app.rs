//! Checks the app itself: where it listens, its health, and whether it can be restarted.

use super::Point;
use super::check::{Check, about, checks};
use super::connections::{self, Leaving};
use super::fault::Fault;
use super::reached::{self, Reached};
use std::net::SocketAddr;

checks! {
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
    /// The app and its target: `web/green`.
    pub label: String,
    /// Its table in the configuration: `app.web.target.green`.
    pub table: String,
    /// Whether its target is current, as of an app without targets. None: that is not known.
    pub is_current: Option<bool>,
    pub port: u16,
    /// What shows whether a gate reaches it.
    pub reached: Reached,
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
    pub restart: Result<Vec<Fault>, Unable>,
    /// The other apps that the restart takes down. Err: the configuration does not allow it.
    pub beside: Result<Vec<String>, Vec<Fault>>,
    /// How the agent sees what leaving workers carry.
    pub leaving: Leaving,
}

/// Why an app can't be restarted.
#[derive(Debug, Clone)]
pub(crate) struct Unable {
    pub certain: Vec<Fault>,
    /// What is not known for lack of rights.
    pub unseen: Option<&'static str>,
}

pub(super) fn points(app: &App) -> Vec<Point> {
    let points = match app.is_current {
        Some(true) => serving(app),
        _ => beside_the_current(app),
    };
    about(&app.label, points)
}

/// A target without users may be stopped. A switch starts it by `run`, and restarts nothing.
fn beside_the_current(app: &App) -> Vec<Point> {
    let is_stopped = app.health.is_err() && app.reached.is_stopped();
    match (&app.askable, &app.health, app.is_current) {
        (Ok(()), _, Some(false)) if is_stopped => vec![HEALTH.ok("is idle, and does not run")],
        (Ok(()), Err(why), None) => vec![HEALTH.unseen(format!(
            "not healthy at {}: {why}; the current target is unknown",
            app.probed
        ))],
        _ => vec![reached::point(&app.table, &app.reached), health(app)],
    }
}

fn serving(app: &App) -> Vec<Point> {
    let mut points = match (&app.askable, &app.health) {
        // One fault, one point.
        (Ok(()), Err(why)) if app.reached.is_stopped() => vec![stopped(app, why)],
        _ => vec![reached::point(&app.table, &app.reached), health(app)],
    };
    points.extend(restart(app));
    points.extend(beside(app));
    points.extend(connections::point(app.port, &app.leaving));
    points
}

fn stopped(app: &App, why: &str) -> Point {
    let to = app.reached.to.port();
    let key = if to == app.port { "port" } else { "gate_to" };
    HEALTH.error(
        format!("nothing listens on port {to}: {why}"),
        format!("start the app, or correct `{key}` in [{}]", app.table),
    )
}

fn health(app: &App) -> Point {
    let at = app.probed;
    match (&app.askable, &app.health) {
        (Err(fault), _) => HEALTH.error(&fault.found, &fault.fix),
        (_, Ok(())) if app.unverified => HEALTH.ok(format!(
            "healthy at {at}, whose certificate is not verified (verify = false)"
        )),
        (_, Ok(())) => HEALTH.ok(format!("healthy at {at}")),
        // `ready-target` reports what that means.
        (_, Err(why)) if app.is_current == Some(false) => {
            HEALTH.unseen(format!("is idle, and not healthy at {at}: {why}"))
        }
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
        Err(unable) => {
            let certain = unable.certain.iter().map(|fault| {
                RESTART.error(format!("can't be restarted: {}", fault.found), &fault.fix)
            });
            let unseen = unable.unseen.map(|what| RESTART.unseen(what));
            certain.chain(unseen).collect()
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
    use super::super::Verdict::{self, Error, Ok as Well, Warning};
    use super::super::reached::{Through, through};
    use super::*;

    fn app(bound: &[&str], through: &[Through]) -> App {
        App {
            app: "web".into(),
            label: "web".into(),
            table: "app.web".into(),
            is_current: Some(true),
            port: 1000,
            reached: Reached::of(bound, through),
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

    fn wrong(app: &App) -> Vec<(&'static str, Verdict)> {
        let points = points(app)
            .into_iter()
            .filter(|point| point.verdict != Well);
        points.map(|point| (point.check, point.verdict)).collect()
    }

    #[test]
    fn an_app_that_does_not_run_is_one_point() {
        let mut stopped = app(&[], &through("DOWN L4CON"));
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
    fn an_idle_target_may_be_stopped() {
        let of = |is_current, bound: &[&str], health: Result<(), &str>| {
            let mut one = app(bound, &[]);
            one.health = health.map_err(str::to_owned);
            one.is_current = is_current;
            one.restart = Err(Unable {
                certain: vec![Fault::of("no unit", "")],
                unseen: None,
            });
            let points = points(&one).into_iter();
            points
                .map(|point| (point.check, point.verdict))
                .collect::<Vec<_>>()
        };
        let health = |verdict| ("app-health", verdict);
        let stopped: &[&str] = &[];
        assert_eq!(of(Some(false), stopped, Err("refused")), [health(Well)]);
        assert_eq!(of(None, stopped, Err("refused")), [health(Verdict::Unseen)]);
        let runs: &[&str] = &["0.0.0.0:1001"];
        assert_eq!(of(Some(false), runs, Ok(()))[1], health(Well));
        assert_eq!(
            of(Some(false), runs, Err("500"))[1],
            health(Verdict::Unseen)
        );
        assert_eq!(of(Some(true), runs, Err("500"))[1], health(Error));
    }

    #[test]
    fn health_and_restart_have_their_points() {
        let sound = app(&["0.0.0.0:1000"], &through("UP"));
        assert_eq!(wrong(&sound), []);
        let fault = || Fault::of("it's gone; fix: bring it back", "");
        let two = || vec![fault(); 2];
        type Change<'a> = &'a dyn Fn(&mut App);
        let unable = |certain, unseen| Err(Unable { certain, unseen });
        let cases: [(Change<'_>, &[(&str, Verdict)]); 9] = [
            (
                &|app| app.restart = unable(Vec::new(), Some("not known")),
                &[("app-restart", Verdict::Unseen)],
            ),
            // One fault may be hidden behind another.
            (
                &|app| app.restart = unable(two(), Some("not known")),
                &[
                    ("app-restart", Error),
                    ("app-restart", Error),
                    ("app-restart", Verdict::Unseen),
                ],
            ),
            (
                &|app| app.health = Err("it's gone".into()),
                &[("app-health", Error)],
            ),
            (&|app| app.askable = Err(fault()), &[("app-health", Error)]),
            (
                &|app| app.restart = unable(vec![fault()], None),
                &[("app-restart", Error)],
            ),
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
