//! The one way in which an app is restarted.

use super::file::{JobFile, RestartFile};
use super::mistake::Mistake;
use crate::app::{Change, Job, Restart};
use nix::sys::signal::Signal;
use std::str::FromStr;
use toml::Spanned;

pub(crate) fn check_restart(restart: Spanned<RestartFile>) -> Result<Restart, Mistake> {
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
        return wrong("restart: `job` works only with `systemd`".to_owned());
    }
    match (systemd, command, signal, pidfile) {
        (Some(unit), None, None, None) => Ok(Restart::Systemd {
            unit: with_suffix(unit),
            job: check_job(job),
        }),
        (None, Some(command), None, None) if !command.is_empty() => Ok(Restart::Command(command)),
        (None, Some(_), None, None) => wrong("restart: `command` is empty".to_owned()),
        (None, None, Some(signal), Some(pidfile)) => match Signal::from_str(&signal) {
            Ok(signal) => Ok(Restart::Signal { signal, pidfile }),
            Err(_) => wrong(format!(
                "restart: {signal:?} is not a signal; write it like \
                \"SIGUSR2\""
            )),
        },
        _ => wrong(
            "restart: set one of `systemd = \"UNIT\"`, `command = [...]`, `signal = \"SIGNAL\"` \
             with `pidfile`"
                .to_owned(),
        ),
    }
}

/// The command of a key. The preflight checks whether its program exists.
pub(crate) fn check_change(
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

/// `web` means `web.service`, as for systemctl.
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
