//! A new configuration, and a new program: all of it, or none.

use super::care::Care;
use super::{Sidecar, cares};
use crate::config::{self, AppSettings};
use crate::host::balancers;
use crate::outbox;
use futures_util::{FutureExt, StreamExt};
use nix::sys::signal::SigSet;
use sd_notify::NotifyState;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the new program may take to look at the configuration.
const TO_CHECK: Duration = Duration::from_secs(3);

/// What was logged goes with this program: a reader of it is waited for no longer than that.
const TO_FLUSH: Duration = Duration::from_secs(1);

impl Sidecar {
    /// Reads the configuration again. With an error in it the old one goes on.
    pub(super) async fn reload(&mut self, cares: &mut Vec<Care>) {
        let now = NotifyState::monotonic_usec_now();
        let all = [Ok(NotifyState::Reloading), now];
        let reloading: Vec<_> = all.into_iter().flatten().collect();
        self.board.notify(&reloading);
        let trouble = match self.take_config().await {
            Ok(new) => {
                tracing::info!("the configuration is read again");
                self.board.clear();
                *cares = new;
                None
            }
            Err(why) => {
                let trouble = format!("the old configuration goes on: {why}");
                tracing::error!("{trouble}");
                Some(trouble)
            }
        };
        self.board.trouble(trouble);
    }

    async fn take_config(&mut self) -> Result<Vec<Care>, String> {
        let new = config::load(&self.config).map_err(|error| error.to_string())?;
        let (old, agent) = (&self.settings.agent, &new.agent);
        same("state_dir", &old.state_dir, &agent.state_dir)?;
        same("hold_dir", &old.hold_dir, &agent.hold_dir)?;
        let cares = cares(&new, &self.board, &self.reservation).await;
        let cares = cares.map_err(|error| error.to_string())?;
        self.agrees(&new).await?;
        // Also where they could not be served so far.
        let silent = agent.metrics.is_some() && self.metrics.is_empty();
        if silent || old.metrics != agent.metrics {
            let serving = self.serve_metrics(agent.metrics.as_ref());
            serving.map_err(|error| format!("[agent] metrics: {error}"))?;
        }
        let old = std::mem::replace(&mut self.settings, new);
        self.tell_of_the_gone(&old);
        self.keep_ports();
        Ok(cares)
    }

    /// Goes on as the program that is installed now, with the same arguments and pid; no gate
    /// is moved. Returns where that is not possible, or another signal has come.
    pub(super) async fn become_what_is_installed(&mut self) {
        let Some(program) = installed() else {
            tracing::error!("the old program goes on: its place is not known");
            return;
        };
        let checked = tokio::select! {
            checked = check(&program, &self.config) => checked,
            number = self.signals.next() => {
                self.heard.extend(number);
                Err("another signal has come".to_owned())
            }
        };
        let replaced = checked.and_then(|()| self.replaced_by(&program));
        if let Err(why) = replaced {
            tracing::error!("the old program goes on: {why}");
        }
    }

    /// Signals wait meanwhile: one that came before the new program listens would end it.
    fn replaced_by(&mut self, program: &Path) -> Result<(), String> {
        let ours: SigSet = super::SIGNALS.into_iter().collect();
        ours.thread_block().map_err(|errno| errno.to_string())?;
        let why = match self.signals.next().now_or_never() {
            None => {
                tracing::info!("going on as {}", program.display());
                outbox::flush(TO_FLUSH);
                let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
                let mut command = Command::new(program);
                match self.reservation.hand_over() {
                    Ok(ports) => drop(command.stdin(ports)),
                    Err(error) => tracing::warn!(%error, "the status ports are reserved anew"),
                }
                let error = command.args(arguments).exec();
                format!("{}: {error}", program.display())
            }
            Some(number) => {
                self.heard.extend(number);
                "another signal has come".to_owned()
            }
        };
        let _ = ours.thread_unblock();
        Err(why)
    }

    /// New ports mean new gates in the place of the old ones: not against what HAProxy, where
    /// it answers, says that it checks.
    async fn agrees(&self, new: &config::Settings) -> Result<(), String> {
        let old = |name: &str| self.settings.apps.iter().find(|app| app.name == name);
        let moved = |app: &&AppSettings| old(&app.name).is_some_and(|old| old.ports != app.ports);
        for app in new.apps.iter().filter(moved) {
            for mut balancer in balancers(new, app) {
                if let Ok(Err(what)) = balancer.find().await {
                    return Err(format!("app.{}: {}: {what}", app.name, balancer.name));
                }
            }
        }
        Ok(())
    }

    /// Their gates are left as they are: HAProxy may still go by them.
    fn tell_of_the_gone(&self, old: &config::Settings) {
        let here = |name: &str| self.settings.apps.iter().any(|app| app.name == name);
        for app in old.apps.iter().filter(|app| !here(&app.name)) {
            let name = &app.name;
            tracing::warn!(app = %name, "{name}: no longer in the configuration, its gates stay as they are");
        }
    }
}

/// What is noted in the old one would be forgotten: gates that are held closed, say.
fn same(key: &str, old: &Path, new: &Path) -> Result<(), String> {
    match old == new {
        true => Ok(()),
        false => Err(format!(
            "[agent] {key} is {} now, and was {}: restart the sidecar for that",
            new.display(),
            old.display()
        )),
    }
}

/// Where this program was started from; after an upgrade another one is there.
fn installed() -> Option<PathBuf> {
    let started: PathBuf = std::env::args_os().next()?.into();
    if started.is_absolute() {
        return Some(started);
    }
    let own = std::env::current_exe().ok()?.into_os_string();
    let own = own.into_string().ok()?;
    let own = own.strip_suffix(" (deleted)").unwrap_or(&own);
    Some(PathBuf::from(own))
}

/// A program that does not like the configuration would end at once.
async fn check(program: &Path, config: &Path) -> Result<(), String> {
    let run = tokio::process::Command::new(program)
        .args(["run", "--dry-run", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let name = program.display();
    let ended = match tokio::time::timeout(TO_CHECK, run).await {
        Ok(ended) => ended.map_err(|error| format!("{name}: {error}"))?,
        Err(_) => return Err(format!("{name} run --dry-run does not end")),
    };
    match ended.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&ended.stderr);
            Err(format!("{name} run --dry-run: {}", said.trim()))
        }
    }
}
