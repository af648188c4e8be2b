//! How an app is restarted and asked for its health: one way of several each.

use super::Mistake;
use super::file::{HealthFile, JobFile, RestartFile};
use crate::app::{Change, Health, HealthCheck, Job, Restart};
use nix::sys::signal::Signal;
use std::str::FromStr;
use toml::Spanned;

pub fn check_health(health: Option<Spanned<HealthFile>>) -> Result<Health, Mistake> {
    let Some(health) = health else {
        return Ok(Health::default());
    };
    let span = health.span();
    let wrong = |what: &str| Err(Mistake::new(span.clone(), what));
    let HealthFile {
        http,
        status,
        host,
        tcp,
        command,
        times,
        timeout,
    } = health.into_inner();
    if times == 0 {
        return wrong("health: `times` is at least 1");
    }
    if http.is_none() && (status.is_some() || host.is_some()) {
        return wrong("health: `status` and `host` go with `http`");
    }
    if host
        .as_ref()
        .is_some_and(|host| host.is_empty() || !sendable(host))
    {
        return wrong("health: `host` is a host name, with a port or without");
    }
    let check = match (http, tcp, command) {
        (Some(path), None, None) if path.starts_with('/') && sendable(&path) => {
            HealthCheck::Http { path, status, host }
        }
        (Some(_), None, None) => {
            return wrong("health: `http` is a path that begins with / and has no space in it");
        }
        (None, Some(true) | None, None) => HealthCheck::Tcp,
        (None, None, Some(command)) if !command.is_empty() => HealthCheck::Command(command),
        (None, None, Some(_)) => return wrong("health: `command` is empty"),
        _ => return wrong("health: one of `http = \"/PATH\"`, `tcp = true`, `command = [...]`"),
    };
    let health = Health {
        check,
        times,
        timeout,
    };
    match &health.check {
        HealthCheck::Http { .. } => match health.check() {
            Ok(()) => Ok(health),
            Err(what) => wrong(&what),
        },
        // Whether the program is there is a question for later: preflight asks it.
        HealthCheck::Tcp | HealthCheck::Command(_) => Ok(health),
    }
}

/// It can stand in a request's first line or headers.
fn sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub fn check_restart(restart: Spanned<RestartFile>) -> Result<Restart, Mistake> {
    let span = restart.span();
    let wrong = |what: String| Err(Mistake::new(span.clone(), what));
    let RestartFile {
        systemd,
        job,
        command,
        signal,
        pidfile,
    } = restart.into_inner();
    if systemd.is_none() && job.is_some() {
        return wrong("restart: `job` goes with `systemd`".to_owned());
    }
    match (systemd, command, signal, pidfile) {
        (Some(unit), None, None, None) => Ok(Restart::Systemd { unit: with_suffix(unit), job: check_job(job) }),
        (None, Some(command), None, None) if !command.is_empty() => Ok(Restart::Command(command)),
        (None, Some(_), None, None) => wrong("restart: `command` is empty".to_owned()),
        (None, None, Some(signal), Some(pidfile)) => match Signal::from_str(&signal) {
            Ok(signal) => Ok(Restart::Signal { signal, pidfile }),
            Err(_) => wrong(format!("restart: {signal:?} is no signal; write it like \"SIGUSR2\"")),
        },
        _ => wrong(
            "restart: one of `systemd = \"UNIT\"`, `command = [...]`, `signal = \"SIGNAL\"` with `pidfile`"
                .to_owned(),
        ),
    }
}

/// The command of a key; whether its program is there is preflight's question.
pub fn check_change(
    key: &str,
    change: Option<Spanned<Vec<String>>>,
) -> Result<Option<Change>, Mistake> {
    let empty = |change: &Spanned<Vec<String>>| change.get_ref().is_empty();
    match change {
        Some(change) if empty(&change) => {
            let what = format!("{key}: the command is empty");
            Err(Mistake::new(change.span(), what))
        }
        change => Ok(change.map(|change| Change::new(change.into_inner()))),
    }
}

/// `web` is `web.service`, as for systemctl.
fn with_suffix(unit: String) -> String {
    match unit.contains('.') {
        true => unit,
        false => format!("{unit}.service"),
    }
}

fn check_job(job: Option<JobFile>) -> Job {
    match job.unwrap_or(JobFile::ReloadOrRestart) {
        JobFile::ReloadOrRestart => Job::ReloadOrRestart,
        JobFile::Restart => Job::Restart,
        JobFile::Reload => Job::Reload,
    }
}
