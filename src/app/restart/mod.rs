//! The restart: what restarts the app, what would refuse it, and which instance runs.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use thiserror::Error;

use super::environment::Environment;
use super::printed::Printed;
use super::signal::Addressee;
use super::systemd::Job;
use super::{CommandError, SignalError, UnitError, command, program, systemd};

/// How the app is restarted.
#[derive(Debug, Clone, PartialEq)]
pub enum Restart {
    /// A job of systemd, over D-Bus.
    Systemd {
        /// The unit's full name: `web.service`.
        unit: String,
        /// The job.
        job: Job,
    },
    /// A program with its arguments, never through a shell.
    Command(Vec<String>),
    /// Two programs with their arguments: one stops the app, the other starts it again.
    StopAndStart {
        /// Stops it.
        stop: Vec<String>,
        /// Starts it.
        start: Vec<String>,
    },
    /// A signal to one process. After one that by custom ends it (SIGTERM, SIGINT, SIGQUIT,
    /// SIGKILL) the agent waits for its end, so that the old app no longer answers for the new
    /// one. With any other (SIGHUP, SIGUSR2) the app renews itself in place, and its health shows
    /// the rest.
    Signal {
        /// The signal.
        signal: Signal,
        /// The file with the process's number.
        pidfile: PathBuf,
    },
}

/// Why the app was not restarted, started or stopped, or cannot be.
#[derive(Debug, Error)]
#[error(transparent)]
pub enum RestartError {
    /// systemd refused or failed, or the unit does not fit.
    Unit(#[from] UnitError),
    /// The command failed.
    Command(#[from] CommandError),
    /// The pidfile or its process does not fit.
    Signal(#[from] SignalError),
}

impl RestartError {
    /// Whether each user sees this as root does.
    pub fn is_for_all(&self) -> bool {
        match self {
            Self::Unit(UnitError::Bus { .. }) => false,
            Self::Unit(_) => true,
            Self::Command(error) => error.is_for_all(),
            Self::Signal(SignalError::Pidfile { kind, .. }) => {
                *kind == Some(io::ErrorKind::NotFound)
            }
            Self::Signal(_) => false,
        }
    }
}

impl Restart {
    /// Runs it once and waits for its result, at most `limit`.
    ///
    /// On timeout the command and its process group are killed, also when this future is dropped.
    /// A systemd job is not canceled: systemd goes on with it.
    pub async fn run(
        &self,
        environment: Environment<'_>,
        limit: Duration,
    ) -> Result<(), RestartError> {
        let printed = Printed::default();
        self.run_with(environment, limit, |_| {}, &printed).await
    }

    /// The same. Calls `started` with each command's process as soon as it runs, because that
    /// outlives us. `printed` gets the end of its output.
    pub async fn run_with(
        &self,
        environment: Environment<'_>,
        limit: Duration,
        mut started: impl FnMut(u32),
        printed: &Printed,
    ) -> Result<(), RestartError> {
        match self {
            Self::Systemd { unit, job } => systemd::run(unit, *job, limit).await?,
            Self::Command(argv) => {
                let environment = environment.in_phase("restart");
                command::run(argv, environment, limit, started, Some(printed)).await?;
            }
            Self::StopAndStart { stop, start } => {
                let began = Instant::now();
                let at = |phase| environment.in_phase(phase);
                command::run(stop, at("stop"), limit, &mut started, Some(printed)).await?;
                let left = limit.saturating_sub(began.elapsed());
                command::run(start, at("start"), left, started, Some(printed)).await?;
            }
            Self::Signal { signal, pidfile } => {
                let process = Addressee::find(pidfile)?;
                process.send(*signal)?;
                if ends(*signal) {
                    process.gone(limit).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits, at most `limit`, until systemd has done its earlier jobs. Err: it has not.
    /// [`crate::state::orphan`] waits for a command, and for a process that got a signal to end.
    pub async fn settle(&self, limit: Duration) -> Result<(), RestartError> {
        if let Self::Systemd { unit, job } = self {
            systemd::settle(unit, *job, limit).await?;
        }
        Ok(())
    }

    /// The process that the signal will end. None: the signal ends none.
    pub fn is_to_end(&self) -> Option<i32> {
        match self {
            Self::Signal { signal, pidfile } if ends(*signal) => {
                Addressee::find(pidfile).ok().map(|process| process.pid())
            }
            _ => None,
        }
    }

    /// Errors that the preflight can find: a unit that is missing, masked, broken or cannot do
    /// the job, by systemd's own properties; a program that is missing or not executable; a
    /// pidfile that cannot be read or is stale.
    ///
    /// The app need not run, except for the signal, which needs a process that gets it. Ok: what
    /// is only odd, each with what to do.
    pub async fn check(&self) -> Result<Vec<String>, RestartError> {
        match self {
            Self::Systemd { unit, job } => return Ok(systemd::check(unit, *job).await?),
            Self::Command(argv) => drop(program::check(argv)?),
            Self::StopAndStart { stop, start } => {
                program::check(stop)?;
                program::check(start)?;
            }
            Self::Signal { pidfile, .. } => Addressee::find(pidfile)?.may_be_signalled()?,
        }
        Ok(Vec::new())
    }

    /// Whether the restarted process is the app on `port`. Err: the pidfile's number now belongs
    /// to another process.
    pub fn serves(&self, port: u16) -> Result<(), SignalError> {
        match self {
            Self::Signal { pidfile, .. } => Addressee::find(pidfile)?.serves(port),
            Self::Systemd { .. } | Self::Command(_) | Self::StopAndStart { .. } => Ok(()),
        }
    }

    /// The instance of the app that runs now: systemd's InvocationID with the time of the unit's
    /// last change of state, or pid and start time.
    ///
    /// `None` if unknown, as always for a command. A unit that is down keeps the id of its last
    /// run for as long as systemd remembers it. An app that renews itself in place keeps its
    /// instance: see [`Restart::was_restarted`].
    pub async fn instance(&self) -> Option<String> {
        match self {
            Self::Systemd { unit, .. } => systemd::instance(unit).await,
            Self::Command(_) | Self::StopAndStart { .. } => None,
            Self::Signal { pidfile, .. } => Addressee::find(pidfile).ok()?.instance(),
        }
    }

    /// Whether the app was restarted between two looks at its instance, the first of which found
    /// one. None: unknown, as for a command, and for a signal on which the app renews itself in
    /// place.
    pub fn was_restarted(&self, before: &str, now: Option<&str>) -> Option<bool> {
        match (self, now) {
            (_, Some(now)) if now != before => Some(true),
            (Self::Systemd { .. }, Some(_)) => Some(false),
            (Self::Signal { signal, .. }, now) if ends(*signal) => Some(now.is_none()),
            _ => None,
        }
    }
}

fn ends(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGKILL
    )
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Systemd { unit, job } => write!(f, "systemctl {job} {unit} (D-Bus)"),
            Self::Command(argv) => f.write_str(&program::shown(argv)),
            Self::StopAndStart { stop, start } => {
                write!(
                    f,
                    "{}, then {}",
                    program::shown(stop),
                    program::shown(start)
                )
            }
            Self::Signal { signal, pidfile } => {
                write!(f, "{signal} to the process in {}", pidfile.display())
            }
        }
    }
}

#[cfg(test)]
mod tests;
