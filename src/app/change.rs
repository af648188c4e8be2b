//! A command of the app that runs once: its upgrade, its rollback, the preparation of a target, its
//! verification.

use std::fmt;
use std::time::Duration;

use super::environment::Environment;
use super::printed::Printed;
use super::{CommandError, command, program};

/// A program with its arguments. It runs in a shell only if the configuration asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change(Vec<String>);

impl Change {
    /// A program with its arguments.
    pub fn new(argv: Vec<String>) -> Self {
        Self(argv)
    }

    /// A line for `/bin/sh`.
    pub fn shell(line: &str) -> Self {
        Self(["/bin/sh", "-c", line].map(str::to_owned).to_vec())
    }

    /// The program with its arguments.
    pub fn argv(&self) -> &[String] {
        &self.0
    }

    /// Whether the program exists, may be run, and only root may change it.
    ///
    /// # Errors
    ///
    /// Why it can't be run, with the fix.
    pub fn check(&self) -> Result<(), CommandError> {
        program::check(&self.0).map(drop)
    }

    /// Runs it once and waits for its end, at most `limit`. Calls `started` with its process as
    /// soon as it runs, because that outlives us. `printed` gets the end of its output.
    ///
    /// # Errors
    ///
    /// It can't be started, failed, or ran out of time and was killed with its whole process
    /// group.
    pub async fn run(
        &self,
        environment: Environment<'_>,
        limit: Duration,
        started: impl FnOnce(u32),
        printed: &Printed,
    ) -> Result<(), CommandError> {
        command::run(&self.0, environment, limit, started, Some(printed)).await
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&program::shown(&self.0))
    }
}
