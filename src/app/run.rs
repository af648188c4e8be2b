//! How a target of an app is started and stopped.

use std::time::Duration;

use super::environment::Environment;
use super::printed::Printed;
use super::restart::RestartError;
use super::systemd::{self, Job};
use super::{command, program};

/// What starts and stops one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// A unit of systemd, by its full name: `web@blue.service`.
    Systemd {
        /// The unit.
        unit: String,
    },
    /// Two programs with their arguments, never through a shell.
    Commands {
        /// Starts it, and ends once it runs.
        start: Vec<String>,
        /// Stops it. A target that does not run is no error.
        stop: Vec<String>,
    },
}

impl Run {
    /// Starts it and waits for the result, at most `limit`. A unit that runs is started already.
    ///
    /// Calls `started` with a command's process as soon as it runs, because that outlives us.
    /// `printed` gets the end of its output. On timeout the command and its process group are
    /// killed, and systemd goes on with its job.
    pub async fn start(
        &self,
        environment: Environment<'_>,
        limit: Duration,
        started: impl FnOnce(u32),
        printed: &Printed,
    ) -> Result<(), RestartError> {
        let environment = environment.in_phase("start");
        match self {
            Self::Systemd { unit } => systemd::run(unit, Job::Start, limit).await?,
            Self::Commands { start, .. } => {
                command::run(start, environment, limit, started, Some(printed)).await?;
            }
        }
        Ok(())
    }

    /// Stops it, in the same way. A unit that is down is stopped already.
    pub async fn stop(
        &self,
        environment: Environment<'_>,
        limit: Duration,
        started: impl FnOnce(u32),
        printed: &Printed,
    ) -> Result<(), RestartError> {
        let environment = environment.in_phase("stop");
        match self {
            Self::Systemd { unit } => systemd::run(unit, Job::Stop, limit).await?,
            Self::Commands { stop, .. } => {
                command::run(stop, environment, limit, started, Some(printed)).await?;
            }
        }
        Ok(())
    }

    /// Waits, at most `limit`, until systemd has done its earlier jobs. Err: it has not.
    /// [`crate::state::orphan`] waits for a command.
    pub async fn settle(&self, limit: Duration) -> Result<(), RestartError> {
        if let Self::Systemd { unit } = self {
            systemd::settle(unit, Job::Start, limit).await?;
        }
        Ok(())
    }

    /// Errors that the preflight can find: a unit that is missing, masked, broken, or cannot be
    /// started or stopped, by systemd's own properties; a program that is missing or not
    /// executable. Ok: what is only odd, each with what to do.
    pub async fn check(&self) -> Result<Vec<String>, RestartError> {
        match self {
            Self::Systemd { unit } => {
                let mut odd = systemd::check(unit, Job::Start).await?;
                for one in systemd::check(unit, Job::Stop).await? {
                    if !odd.contains(&one) {
                        odd.push(one);
                    }
                }
                Ok(odd)
            }
            Self::Commands { start, stop } => {
                program::check(start)?;
                program::check(stop)?;
                Ok(Vec::new())
            }
        }
    }

    /// Whether it runs, as systemd reports. None: unknown, as always for commands: there the
    /// listener on the port shows it.
    pub async fn is_running(&self) -> Option<bool> {
        match self {
            Self::Systemd { unit } => systemd::is_running(unit).await,
            Self::Commands { .. } => None,
        }
    }

    /// Its unit, and whether a boot starts it. None: it has none, or systemd does not answer.
    pub async fn at_boot(&self) -> Option<(String, bool)> {
        match self {
            Self::Systemd { unit } => Some((unit.clone(), systemd::starts_at_boot(unit).await?)),
            Self::Commands { .. } => None,
        }
    }

    /// The instance that runs now, as [`super::Restart::instance`] has it. None: unknown, as
    /// always for commands.
    pub async fn instance(&self) -> Option<String> {
        match self {
            Self::Systemd { unit } => systemd::instance(unit).await,
            Self::Commands { .. } => None,
        }
    }

    /// The command that starts it. None: systemd does.
    pub fn start_command(&self) -> Option<&[String]> {
        match self {
            Self::Systemd { .. } => None,
            Self::Commands { start, .. } => Some(start),
        }
    }

    /// The command that stops it. None: systemd does.
    pub fn stop_command(&self) -> Option<&[String]> {
        match self {
            Self::Systemd { .. } => None,
            Self::Commands { stop, .. } => Some(stop),
        }
    }

    /// What starts it, in words.
    pub fn shown_start(&self) -> String {
        self.shown(Job::Start, self.start_command())
    }

    /// What stops it, in words.
    pub fn shown_stop(&self) -> String {
        self.shown(Job::Stop, self.stop_command())
    }

    fn shown(&self, job: Job, command: Option<&[String]>) -> String {
        match (self, command) {
            (Self::Systemd { unit }, _) => format!("systemctl {job} {unit} (D-Bus)"),
            (Self::Commands { .. }, argv) => program::shown(argv.unwrap_or_default()),
        }
    }
}
