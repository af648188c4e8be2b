//! The one way in which an app is restarted, and the commands that it may have.

use super::keyed::Keyed;
use super::mistake::Mistake;
use crate::app::{Change, Job, Restart};
use crate::text::unit_name;
use nix::sys::signal::Signal;
use serde::Deserialize;
use std::path::PathBuf;
use std::str::FromStr;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestartFile {
    pub systemd: Option<String>,
    pub job: Option<JobFile>,
    pub command: Option<Vec<String>>,
    pub signal: Option<String>,
    pub pidfile: Option<PathBuf>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum JobFile {
    ReloadOrRestart,
    Restart,
    Reload,
}

pub(super) fn check_restart(restart: Spanned<Keyed<RestartFile>>) -> Result<Restart, Mistake> {
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
            true => Err(wrong(EMPTY).of("command")),
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

pub(super) const EMPTY: &str = "the command is empty";

/// The command of a key. The preflight checks whether its program exists.
pub(super) fn check_change(
    change: Option<Spanned<Vec<String>>>,
) -> Result<Option<Change>, Mistake> {
    let empty = |change: &Spanned<Vec<String>>| change.get_ref().is_empty();
    match change {
        Some(change) if empty(&change) => Err(Mistake::new(change.span(), EMPTY)),
        change => Ok(change.map(|change| Change::new(change.into_inner()))),
    }
}

/// The unit's full name. A path would be a mount or a device, and these run no app.
pub(super) fn check_unit(unit: &str) -> Result<String, &'static str> {
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
