//! A new configuration, and a new program: all of it, or none.

use super::Sidecar;
use crate::config;
use nix::sys::signal::SigSet;
use sd_notify::NotifyState;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the new program may take to look at the configuration.
const TO_CHECK: Duration = Duration::from_secs(10);

impl Sidecar {
    /// Reads the configuration again. With an error in it the old one goes on.
    pub(super) fn reload(&mut self) {
        let now = NotifyState::monotonic_usec_now();
        let reloading: Vec<_> = [Ok(NotifyState::Reloading), now]
            .into_iter()
            .flatten()
            .collect();
        self.board.notify(&reloading);
        let trouble = match self.take_config() {
            Ok(()) => {
                tracing::info!("the configuration is read again");
                None
            }
            Err(why) => {
                tracing::error!("the old configuration goes on: {why}");
                Some(format!("the old configuration goes on: {why}"))
            }
        };
        self.board.trouble(trouble);
    }

    fn take_config(&mut self) -> Result<(), String> {
        let new = config::load(&self.config).map_err(|error| error.to_string())?;
        let (old_dir, new_dir) = (&self.settings.agent.state_dir, &new.agent.state_dir);
        if old_dir != new_dir {
            let (old, new) = (old_dir.display(), new_dir.display());
            return Err(format!(
                "[agent] state_dir is {new} now, and was {old}: restart the sidecar for that"
            ));
        }
        if self.settings.agent.metrics != new.agent.metrics {
            let serving = self.serve_metrics(new.agent.metrics.as_ref());
            serving.map_err(|error| format!("[agent] metrics: {error}"))?;
        }
        let old = std::mem::replace(&mut self.settings, new);
        self.tell_of_the_gone(&old);
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

/// Goes on as the program that is installed now, with the same arguments and pid; no gate is
/// moved. Returns only where that is not possible.
pub(super) async fn become_what_is_installed(config: &Path) {
    let why = match installed() {
        Some(program) => match check(&program, config).await {
            Ok(()) => replaced_by(&program),
            Err(why) => why,
        },
        None => "its place is not known".to_owned(),
    };
    tracing::error!("the old program goes on: {why}");
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

/// Signals wait meanwhile: one that came before the new program listens would end it.
fn replaced_by(program: &Path) -> String {
    let ours: SigSet = super::SIGNALS.into_iter().collect();
    if let Err(errno) = ours.thread_block() {
        return errno.to_string();
    }
    tracing::info!("going on as {}", program.display());
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let error = Command::new(program).args(arguments).exec();
    let _ = ours.thread_unblock();
    format!("{}: {error}", program.display())
}
