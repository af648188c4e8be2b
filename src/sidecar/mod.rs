//! `agent run`: the sidecar. It opens the gates once the app is healthy, keeps them as they
//! should be, ends what was cut short and what was closed for a time, and takes the host out
//! before the machine goes down. All that by the same operations, under the same lock, as the command
//! line: there is no second way to do anything.
//!
//! [`duty`] decides, [`Care`] looks and acts, one for each app; [`Board`] tells systemd and
//! metrics. Signals: SIGTERM and SIGINT end it, and [`ending`] decides what that means for the
//! gates; SIGHUP reads the configuration again, SIGUSR2 goes on as the program that is installed now.

mod act;
mod again;
mod board;
mod care;
mod duty;
mod ending;
mod leave;
mod machine;
mod ports;
mod rotation;
mod stopped;
mod systemd;
mod told;
mod view;

pub use duty::{Duty, Gates, Seen, duty};
pub use ending::{Ending, Machine, ending};
pub use stopped::took_out;

use crate::config::Settings;
use crate::gate::{GateError, Reservation};
use crate::metrics::{Listener, MetricsAddress, serve};
use crate::report::Report;
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner};
use board::Board;
use care::Care;
use futures_util::StreamExt;
use futures_util::future::join_all;
use nix::sys::signal::{SigSet, Signal};
use sd_notify::NotifyState;
use signal_hook_tokio::Signals;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often systemd is told that we live.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The signals that mean something to a sidecar; of two at once the first counts.
const SIGNALS: [Signal; 4] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGUSR2,
    Signal::SIGHUP,
];

/// Those that end it.
const ENDS: [Signal; 2] = [Signal::SIGTERM, Signal::SIGINT];

/// The sidecar of this host.
pub struct Sidecar {
    config: PathBuf,
    settings: Settings,
    board: Board,
    signals: Signals,
    /// Signals that have come and were not answered yet.
    heard: Vec<i32>,
    metrics: JoinSet<()>,
    /// The status ports of all apps.
    reservation: Reservation,
    _only_one: Lock,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is one already.
    #[error("the sidecar runs already: {}; nothing was changed", crate::state::lock::describe(.0.as_ref()))]
    RunsAlready(Option<Owner>),
    /// Something it needs is not there, with the mend.
    #[error("{0}")]
    Unable(String),
}

/// How a sidecar ended.
#[derive(Debug)]
pub struct Ended {
    /// How each app was left; none where the gates were left as they are.
    pub apps: Vec<Report>,
    /// The first that is not 0 of theirs.
    pub exit: u8,
    /// The word of that one.
    pub outcome: &'static str,
    /// What was decided.
    pub ending: Ending,
    /// In words.
    told: String,
}

impl Sidecar {
    /// Starts one; changes nothing yet.
    pub fn start(config: PathBuf, settings: Settings) -> Result<Sidecar, StartError> {
        let unable = |error: std::io::Error| StartError::Unable(error.to_string());
        if !nix::unistd::geteuid().is_root() {
            let needs =
                "iptables and the state directory need root: run it by systemd, or with sudo";
            return Err(StartError::Unable(needs.to_owned()));
        }
        let path = directory::sidecar(&settings.agent.state_dir);
        let only_one = match Lock::take(&path, &Owner::new("agent run")) {
            Ok(lock) => lock,
            Err(LockError::Held(who)) => return Err(StartError::RunsAlready(who)),
            Err(error) => return Err(StartError::Unable(error.to_string())),
        };
        let numbers = SIGNALS.map(|signal| signal as i32);
        let signals = Signals::new(numbers).map_err(unable)?;
        // Who became this program in the place of another one has held them back.
        let ours: SigSet = SIGNALS.into_iter().collect();
        ours.thread_unblock()
            .map_err(|errno| unable(errno.into()))?;
        let mut sidecar = Sidecar {
            config,
            board: Board::new(),
            signals,
            heard: Vec::new(),
            metrics: JoinSet::new(),
            reservation: Reservation::inherited(),
            settings,
            _only_one: only_one,
        };
        let metrics = sidecar.settings.agent.metrics.clone();
        // Gates matter more.
        if let Err(error) = sidecar.serve_metrics(metrics.as_ref()) {
            let trouble = format!("[agent] metrics: {error}: none are served until a reload");
            tracing::error!("{trouble}");
            sidecar.board.trouble(Some(trouble));
        }
        Ok(sidecar)
    }

    /// Keeps the gates until it is told to end; then leaves them as they are, or takes the host
    /// out.
    ///
    /// # Errors
    ///
    /// There is no iptables to keep them with.
    pub async fn run(mut self) -> Result<Ended, StartError> {
        let cares = cares(&self.settings, &self.board, &self.reservation).await;
        let mut cares = cares.map_err(|error| StartError::Unable(error.to_string()))?;
        self.keep_ports();
        loop {
            self.board.notify(&[NotifyState::Ready]);
            let signal = self.keep(&mut cares).await;
            tracing::info!("{signal} has come");
            match signal {
                Signal::SIGHUP => self.reload(&mut cares).await,
                Signal::SIGUSR2 => self.become_what_is_installed().await,
                _ => return Ok(self.leave(cares).await),
            }
        }
    }

    /// Looks after all apps until a signal comes; what they are at is finished.
    async fn keep(&mut self, cares: &mut [Care]) -> Signal {
        let (quit, quitting) = watch::channel(false);
        let mut keep = join_all(cares.iter_mut().map(|care| care.keep(quitting.clone())));
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            if !self.heard.is_empty() {
                quit.send_replace(true);
            }
            tokio::select! {
                _ = &mut keep => break,
                number = self.signals.next() => self.heard.extend(number),
                _ = heartbeat.tick() => self.board.beat(),
            }
        }
        let mut all = SIGNALS.into_iter();
        let counts = all.find(|signal| self.heard.contains(&(*signal as i32)));
        self.heard.clear();
        counts.unwrap_or(Signal::SIGTERM)
    }

    /// From now on there; the place before is left once this one is had.
    fn serve_metrics(&mut self, address: Option<&MetricsAddress>) -> std::io::Result<()> {
        let listener = address.map(Listener::bind).transpose()?;
        self.metrics = JoinSet::new();
        if let Some(listener) = listener {
            let state_dir = self.settings.agent.state_dir.clone();
            let serving = serve(listener, state_dir, self.board.views());
            self.metrics.spawn(serving);
        }
        Ok(())
    }
}

/// All apps, in care from now on.
async fn cares(
    settings: &Settings,
    board: &Board,
    reservation: &Reservation,
) -> Result<Vec<Care>, GateError> {
    let mut cares = Vec::new();
    for app in &settings.apps {
        cares.push(Care::new(settings, app, (board, reservation)).await?);
    }
    Ok(cares)
}
