//! Why a command failed.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CommandError {
    /// It can't be started.
    #[error("cannot run {program}: {reason}")]
    Program {
        /// As the configuration names it.
        program: String,
        /// With the fix.
        reason: String,
        /// The system's error about its file.
        kind: Option<io::ErrorKind>,
    },
    /// It failed.
    #[error("{command} {ended}{}", printed(output))]
    Failed {
        /// With its arguments.
        command: String,
        /// "exited with 3", "was killed by SIGSEGV".
        ended: String,
        /// The end of what it printed, as one line.
        output: String,
    },
    /// It did not end in time.
    #[error(
        "{command} did not end within {limit:?} and was killed{}",
        printed(output)
    )]
    Limit {
        /// With its arguments.
        command: String,
        /// The time that it had.
        limit: Duration,
        /// The end of what it printed, as one line.
        output: String,
    },
}

impl CommandError {
    /// Whether each user sees this as root does. Only root may see or run another program.
    pub fn is_for_all(&self) -> bool {
        match self {
            CommandError::Program { kind, .. } => *kind == Some(io::ErrorKind::NotFound),
            _ => false,
        }
    }
}

fn printed(output: &str) -> String {
    match output {
        "" => ", it printed nothing".to_owned(),
        line => format!(": {line}"),
    }
}
