//! One app, and the one way in which it is restarted.

use super::AppSettings;
use super::file::{AppFile, JobFile, RestartFile};
use super::gate_to::check_gate_to;
use super::health::check_health;
use super::keyed::Keyed;
use super::mistake::Mistake;
use crate::app::{Change, Job, Restart};
use crate::gate::Destination;
use crate::haproxy::AppPorts;
use crate::restart::Limits;
use crate::restart::switch::Switching;
use crate::text::unit_name;
use nix::sys::signal::Signal;
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;

/// One app. The status ports are those of all apps.
pub(super) fn check_app(
    name: Spanned<String>,
    app: AppFile,
    status_ports: &[u16],
) -> Result<AppSettings, Mistake> {
    check_name(&name)?;
    let limits = limits(&app);
    let gate_to = match &app.gate_to {
        Some(to) => check_gate_to(to, app.address, status_ports)?,
        None => Destination::Port(app.port.get_ref().0),
    };
    let ports = ports(&app, gate_to);
    let health = check_health(app.health)?;
    Ok(AppSettings {
        name: name.into_inner(),
        target: None,
        ports,
        gate_to,
        address: app.address.map(|ip| ip.to_canonical()),
        restart: check_restart(app.restart)?,
        run: None,
        targets: Vec::new(),
        keep: Duration::ZERO,
        verify: None,
        memory: None,
        upgrade: check_change(app.upgrade)?,
        rollback: check_change(app.rollback)?,
        also_restarts: app
            .also_restarts
            .into_iter()
            .map(Spanned::into_inner)
            .collect(),
        limits: Limits {
            healthy_times: health.times,
            ..limits
        },
        health,
    })
}

fn check_name(name: &Spanned<String>) -> Result<(), Mistake> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let given = name.get_ref();
    match (1..=64).contains(&given.len()) && given.chars().all(harmless) {
        true => Ok(()),
        false => {
            let what = "an app's name is 1 to 64 letters, digits, `_`, `.` or `-`: the rule's \
                comment contains it";
            Err(Mistake::new(name.span(), what))
        }
    }
}

fn ports(app: &AppFile, gate_to: Destination) -> AppPorts {
    let port = app.port.get_ref().0;
    AppPorts {
        port,
        status_port: app.status_port.get_ref().0,
        backup_status_port: app.backup_status_port.as_ref().map(|port| port.get_ref().0),
        health_port: match gate_to {
            Destination::Port(to) if to != port => Some(to),
            _ => None,
        },
    }
}

fn limits(app: &AppFile) -> Limits {
    let timeouts = app.timeouts.0;
    Limits {
        sticky: app.sticky,
        out_of_rotation: timeouts.out_of_rotation,
        drain: timeouts.drain,
        restart: timeouts.restart,
        upgrade: timeouts.upgrade,
        healthy: timeouts.healthy,
        in_rotation: timeouts.in_rotation,
        on_drain_timeout: app.on_drain_timeout,
        healthy_times: 1,
        two_stage: app.backup_status_port.is_some(),
        all_found_open: true,
        stays_closed: false,
        min_available: app.min_available.0,
        serving: Vec::new(),
        turn: timeouts.turn,
        claimed_before: Vec::new(),
        turns: Vec::new(),
        upgrades: false,
        rolls_back: false,
        settle: None,
        switch: Switching::default(),
    }
}

fn check_restart(restart: Spanned<Keyed<RestartFile>>) -> Result<Restart, Mistake> {
    let span = restart.span();
    let wrong = |what: &str| Mistake::new(span.clone(), what);
    let RestartFile {
        systemd,
        job,
        command,
        signal,
        pidfile,
    } = restart.into_inner().0;
    if systemd.is_none() && job.is_some() {
        return Err(wrong("`job` works only with `systemd`"));
    }
    if pidfile.as_ref().is_some_and(|path| path.is_relative()) {
        return Err(wrong("expected an absolute path").of("pidfile"));
    }
    match (systemd, command, signal, pidfile) {
        (Some(unit), None, None, None) => {
            let unit = check_unit(&unit).map_err(|what| wrong(what).of("systemd"))?;
            let job = check_job(job);
            Ok(Restart::Systemd { unit, job })
        }
        (None, Some(command), None, None) => match command.is_empty() {
            true => Err(wrong("the command is empty").of("command")),
            false => Ok(Restart::Command(command)),
        },
        (None, None, Some(signal), Some(pidfile)) => match Signal::from_str(&signal) {
            Ok(signal) => Ok(Restart::Signal { signal, pidfile }),
            Err(_) => Err(wrong("this is not the name of a signal").of("signal")),
        },
        _ => Err(wrong(
            "set one of `systemd = \"UNIT\"`, `command = [...]`, `signal = \"SIGNAL\"` \
             with `pidfile`",
        )),
    }
}

/// The command of a key. The preflight checks whether its program exists.
fn check_change(change: Option<Spanned<Vec<String>>>) -> Result<Option<Change>, Mistake> {
    let empty = |change: &Spanned<Vec<String>>| change.get_ref().is_empty();
    match change {
        Some(change) if empty(&change) => Err(Mistake::new(change.span(), "the command is empty")),
        change => Ok(change.map(|change| Change::new(change.into_inner()))),
    }
}

/// The unit's full name. A path would be a mount or a device, and these run no app.
fn check_unit(unit: &str) -> Result<String, &'static str> {
    match unit.trim() {
        "" => Err("expected the name of the app's unit"),
        path if path.starts_with('/') => {
            Err("a path is a mount or a device for systemd: write the name of the app's unit alone")
        }
        name if name.ends_with(".service.service") => Err("the unit's name has `.service` twice"),
        name => Ok(unit_name(name)),
    }
}

fn check_job(job: Option<JobFile>) -> Job {
    match job.unwrap_or(JobFile::ReloadOrRestart) {
        JobFile::ReloadOrRestart => Job::ReloadOrRestart,
        JobFile::Restart => Job::Restart,
        JobFile::Reload => Job::Reload,
    }
}
