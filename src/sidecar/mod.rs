//! `agent run`: the sidecar. It opens the gates once the app is healthy, and repairs them. It
//! recovers unfinished operations and ends holds whose time is over. Of an app with targets it opens
//! the current one only, and ends the time of a ready one. It takes the host out of rotation before the
//! machine goes down. It runs the same operations as the command line, under the same lock.
//!
//! One `Reconciler` for each app looks and acts, and `next_action` decides. The
//! `StatusPublisher` informs systemd and metrics.
//!
//! SIGTERM and SIGINT stop the sidecar, and `ending` decides what that means for the gates.
//! SIGHUP reloads the configuration. SIGUSR2 replaces the process by the installed program.

mod act;
mod again;
mod checks;
mod current;
mod ending;
mod idle;
mod leave;
mod line;
mod machine;
mod maintenance;
mod marker;
mod next_action;
mod out;
mod ports;
mod progress;
mod publisher;
mod readonly;
mod reconciler;
mod records;
mod retry;
mod rotation;
mod rules;
mod stopped;
mod switches;
mod systemd;
mod view;

pub use ending::{Ending, Machine, ending};
pub use next_action::{Gates, Idle, NextAction, Observation, next_action};
pub use stopped::took_out;

use crate::config::{Loaded, Settings};
use crate::gate::{GateError, Reservation};
use crate::metrics::{Listener, MetricsAddress, serve};
use crate::report::Report;
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nix::sys::signal::{SigSet, Signal};
use publisher::StatusPublisher;
use reconciler::Reconciler;
use sd_notify::NotifyState;
use signal_hook_tokio::Signals;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The time between two signs of life for systemd.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The signals that the sidecar handles. If several arrive at once, the first in this list counts.
const SIGNALS: [Signal; 4] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGUSR2,
    Signal::SIGHUP,
];

/// The signals that stop it.
const ENDS: [Signal; 2] = [Signal::SIGTERM, Signal::SIGINT];

/// The sidecar of this host.
pub struct Sidecar {
    config: PathBuf,
    settings: Settings,
    publisher: StatusPublisher,
    signals: Signals,
    /// Signals that arrived and are not handled yet.
    heard: Vec<i32>,
    metrics: JoinSet<()>,
    /// The status ports of all apps.
    reservation: Reservation,
    _only_one: Lock,
    /// This process, as its lock has it.
    owner: Owner,
    /// The settings that other agents see.
    shown: Option<Loaded>,
}

/// Why the sidecar does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another sidecar runs already.
    #[error("the sidecar runs already: {}; nothing was changed", crate::state::lock::describe(.0.as_ref()))]
    RunsAlready(Option<Owner>),
    /// Something that it needs is missing. The text has the fix.
    #[error("{0}")]
    Unable(String),
}

/// How a sidecar ended.
#[derive(Debug)]
pub struct Ended {
    /// How each app was left; empty if the gates stayed as they are.
    pub apps: Vec<Report>,
    /// The first exit code of an app that is not 0.
    pub exit: u8,
    /// The outcome of that app.
    pub outcome: &'static str,
    /// The decision.
    pub ending: Ending,
    /// The end in one line, for systemd.
    summary: String,
}

impl Sidecar {
    /// Takes the sidecar's lock and its signals; changes no gate yet.
    pub fn start(config: PathBuf, settings: Settings) -> Result<Sidecar, StartError> {
        let unable = |error: std::io::Error| StartError::Unable(error.to_string());
        if !nix::unistd::geteuid().is_root() {
            let needs =
                "iptables and the state directory need root: run it by systemd, or with sudo";
            return Err(StartError::Unable(needs.to_owned()));
        }
        let path = directory::sidecar(&settings.agent.state_dir);
        let owner = Owner::new("agent run");
        let only_one = match Lock::take(&path, &owner) {
            Ok(lock) => lock,
            Err(LockError::Held(owner)) => return Err(StartError::RunsAlready(owner)),
            Err(error) => return Err(StartError::Unable(error.to_string())),
        };
        let numbers = SIGNALS.map(|signal| signal as i32);
        let signals = Signals::new(numbers).map_err(unable)?;
        // The program that this one replaced has blocked them.
        let ours: SigSet = SIGNALS.into_iter().collect();
        ours.thread_unblock()
            .map_err(|errno| unable(errno.into()))?;
        let mut sidecar = Sidecar {
            config,
            publisher: StatusPublisher::new(),
            signals,
            heard: Vec::new(),
            metrics: JoinSet::new(),
            reservation: Reservation::inherited(),
            settings,
            _only_one: only_one,
            owner,
            shown: None,
        };
        sidecar.show_settings(None);
        let metrics = sidecar.settings.agent.metrics.clone();
        // Gates matter more than metrics.
        if let Err(error) = sidecar.serve_metrics(metrics.as_ref()) {
            let trouble = format!(
                "[agent] metrics: {error}: the sidecar serves none until a \
                reload"
            );
            tracing::error!("{trouble}");
            sidecar.publisher.trouble(Some(trouble));
        }
        Ok(sidecar)
    }

    /// Reconciles the gates until a signal stops it. Then it leaves them as they are, or takes the
    /// host out.
    ///
    /// # Errors
    ///
    /// There is no iptables on this host.
    pub async fn run(mut self) -> Result<Ended, StartError> {
        let reconcilers = reconcilers(&self.settings, &self.publisher, &self.reservation).await;
        let mut reconcilers = reconcilers.map_err(|error| StartError::Unable(error.to_string()))?;
        self.keep_ports();
        loop {
            self.publisher.notify(&[NotifyState::Ready]);
            let signal = self.keep(&mut reconcilers).await;
            tracing::info!("{signal} arrived");
            match signal {
                Signal::SIGHUP => self.reload(&mut reconcilers).await,
                Signal::SIGUSR2 => self.replace_program().await,
                _ => return Ok(self.leave(reconcilers).await),
            }
        }
    }

    /// Reconciles all apps until a signal arrives, and finishes the operations under way.
    async fn keep(&mut self, reconcilers: &mut [Reconciler]) -> Signal {
        let (quit, quitting) = watch::channel(false);
        let mut keep = join_all(
            reconcilers
                .iter_mut()
                .map(|reconciler| reconciler.keep(quitting.clone())),
        );
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            if !self.heard.is_empty() {
                quit.send_replace(true);
            }
            tokio::select! {
                _ = &mut keep => break,
                number = self.signals.next() => self.heard.extend(number),
                _ = heartbeat.tick() => self.publisher.beat(),
            }
        }
        let mut all = SIGNALS.into_iter();
        let counts = all.find(|signal| self.heard.contains(&(*signal as i32)));
        self.heard.clear();
        counts.unwrap_or(Signal::SIGTERM)
    }

    /// Writes down the settings for other agents. `refused` says why a reload has kept them.
    fn show_settings(&mut self, refused: Option<String>) {
        let loaded = Loaded::new(&self.owner, &self.settings, refused);
        // A write reaches the disk, and takes its time.
        if self.shown.as_ref() == Some(&loaded) {
            return;
        }
        // The older text in the file would refuse restarts. The next reload tries again.
        self.shown = match loaded.write(&self.settings.agent.state_dir) {
            Ok(()) => Some(loaded),
            Err(error) => {
                tracing::warn!(%error, "other agents can't see which settings the sidecar has");
                None
            }
        };
    }

    /// Serves metrics at this address. It leaves the old address only once it has the new one.
    fn serve_metrics(&mut self, address: Option<&MetricsAddress>) -> std::io::Result<()> {
        let listener = address.map(Listener::bind).transpose()?;
        self.metrics = JoinSet::new();
        if let Some(listener) = listener {
            let state_dir = self.settings.agent.state_dir.clone();
            let serving = serve(listener, state_dir, self.publisher.views());
            self.metrics.spawn(serving);
        }
        Ok(())
    }
}

/// A reconciler for each app.
async fn reconcilers(
    settings: &Settings,
    publisher: &StatusPublisher,
    reservation: &Reservation,
) -> Result<Vec<Reconciler>, GateError> {
    let mut reconcilers = Vec::new();
    for app in &settings.apps {
        reconcilers.push(Reconciler::new(settings, app, publisher, reservation).await?);
    }
    Ok(reconcilers)
}
