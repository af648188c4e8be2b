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
mod tests;
