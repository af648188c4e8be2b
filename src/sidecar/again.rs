//! Reloads the configuration, and replaces the process by a new program: completely or not at all.

use super::reconciler::Reconciler;
use super::{Sidecar, reconcilers};
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

/// The time that the new program may take to check the configuration.
const TO_CHECK: Duration = Duration::from_secs(3);

/// The longest wait for a reader of the log. Lines that are not written by then are lost.
const TO_FLUSH: Duration = Duration::from_secs(1);

impl Sidecar {
    /// Reads the configuration again. With an error in it the sidecar keeps the old one.
    pub(super) async fn reload(&mut self, reconcilers: &mut Vec<Reconciler>) {
        let now = NotifyState::monotonic_usec_now();
        let all = [Ok(NotifyState::Reloading), now];
        let reloading: Vec<_> = all.into_iter().flatten().collect();
        self.publisher.notify(&reloading);
        let mut refused = None;
        let trouble = match self.take_config().await {
            Ok(new) => {
                tracing::info!("the sidecar has read the configuration again");
                self.publisher.clear();
                *reconcilers = new;
                None
            }
            Err(why) => {
                let trouble = format!("the sidecar keeps the old configuration: {why}");
                tracing::error!("{trouble}");
                refused = Some(why);
                Some(trouble)
            }
        };
        self.show_settings(refused);
        self.publisher.trouble(trouble);
    }

    async fn take_config(&mut self) -> Result<Vec<Reconciler>, String> {
        let new = config::load(&self.config).map_err(|error| error.to_string())?;
        let (old, agent) = (&self.settings.agent, &new.agent);
        same("state_dir", &old.state_dir, &agent.state_dir)?;
        same("hold_dir", &old.hold_dir, &agent.hold_dir)?;
        let reconcilers = reconcilers(&new, &self.publisher, &self.reservation).await;
        let reconcilers = reconcilers.map_err(|error| error.to_string())?;
        self.agrees(&new).await?;
        // A reload also retries metrics that could not be served so far.
        let silent = agent.metrics.is_some() && self.metrics.is_empty();
        if silent || old.metrics != agent.metrics {
            let serving = self.serve_metrics(agent.metrics.as_ref());
            serving.map_err(|error| format!("[agent] metrics: {error}"))?;
        }
        let old = std::mem::replace(&mut self.settings, new);
        self.warn_of_removed_apps(&old);
        self.keep_ports();
        Ok(reconcilers)
    }

    /// Replaces this process by the installed program, with the same arguments and pid, and moves
    /// no gate. Returns if that is not possible, or if another signal arrives.
    pub(super) async fn replace_program(&mut self) {
        let Some(program) = installed() else {
            tracing::error!("the old program continues: the path of the new one is unknown");
            return;
        };
        let checked = tokio::select! {
            checked = check(&program, &self.config) => checked,
            number = self.signals.next() => {
                self.heard.extend(number);
                Err("another signal arrived".to_owned())
            }
        };
        let replaced = checked.and_then(|()| self.replaced_by(&program));
        if let Err(why) = replaced {
            tracing::error!("the old program continues: {why}");
        }
    }

    /// Blocks signals meanwhile: one that arrives before the new program listens would end it.
    fn replaced_by(&mut self, program: &Path) -> Result<(), String> {
        let ours: SigSet = super::SIGNALS.into_iter().collect();
        ours.thread_block().map_err(|errno| errno.to_string())?;
        let why = match self.signals.next().now_or_never() {
            None => {
                tracing::info!("continuing as {}", program.display());
                outbox::flush(TO_FLUSH);
                let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
                let mut command = Command::new(program);
                match self.reservation.hand_over() {
                    Ok(ports) => drop(command.stdin(ports)),
                    Err(error) => tracing::warn!(%error, "the status ports are reserved again"),
                }
                let error = command.args(arguments).exec();
                format!("{}: {error}", program.display())
            }
            Some(number) => {
                self.heard.extend(number);
                "another signal arrived".to_owned()
            }
        };
        let _ = ours.thread_unblock();
        Err(why)
    }

    /// New ports mean new gates. The sidecar refuses ports that HAProxy does not check, if HAProxy
    /// answers.
    async fn agrees(&self, new: &config::Settings) -> Result<(), String> {
        let olds: Vec<AppSettings> = self.settings.instances().collect();
        let moved = |app: &AppSettings| {
            let old = olds.iter().find(|old| old.label() == app.label());
            old.is_some_and(|old| old.ports != app.ports)
        };
        for app in new.instances().filter(moved) {
            for mut balancer in balancers(new, &app) {
                if let Ok(Err(what)) = balancer.find().await {
                    return Err(format!("app.{}: {}: {what}", app.label(), balancer.name));
                }
            }
        }
        Ok(())
    }

    /// Leaves the gates of removed apps and targets as they are, because HAProxy may still check
    /// them.
    fn warn_of_removed_apps(&self, old: &config::Settings) {
        for before in &old.apps {
            let name = &before.name;
            let Some(app) = self.settings.apps.iter().find(|app| app.name == *name) else {
                tracing::warn!(app = %name, "{name}: no longer in the configuration; its gates \
                    stay as they are, unless another app has their ports");
                continue;
            };
            let (targets, now) = (before.target_names(), app.target_names());
            for gone in targets.iter().filter(|target| !now.contains(target)) {
                tracing::warn!(app = %name, "{name}/{gone}: no longer in the configuration; its \
                    gates stay as they are until those of {name} move");
            }
        }
    }
}

/// Refuses another directory: the sidecar would forget the old one's state, for example holds.
fn same(key: &str, old: &Path, new: &Path) -> Result<(), String> {
    match old == new {
        true => Ok(()),
        false => Err(format!(
            "[agent] {key} is {} now, and was {}: restart the sidecar to change it",
            new.display(),
            old.display()
        )),
    }
}

/// The path that this program was started from. After an upgrade it has the new program.
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

/// Whether the new program accepts the configuration. If not, it would end at once.
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
