//! Why iptables has not done what it was called for.

use std::io;
use std::time::Duration;

/// How long iptables itself waits for the xtables lock (legacy only; nft has none).
pub(super) const LOCK_WAIT_SECONDS: u64 = 5;
/// After that the agent expects no answer of iptables any more.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(LOCK_WAIT_SECONDS + 5);

/// Why the rules could not be read or set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The program could not be started.
    #[error("{program} can't be run: {why} (Debian: apt install iptables)")]
    NotRun {
        /// The program.
        program: String,
        /// The system's error.
        why: String,
        /// There is no such program.
        missing: bool,
    },
    /// It ended with status 4: another process kept the xtables lock.
    #[error(
        "another process holds the xtables lock; `{command}` waited {LOCK_WAIT_SECONDS} s for \
        it"
    )]
    Locked {
        /// The whole command line.
        command: String,
    },
    /// It ended with another status than 0.
    #[error("`{command}` failed ({status}): {stderr}")]
    Failed {
        /// The whole command line.
        command: String,
        /// Exit status or signal.
        status: String,
        /// The first line of its stderr.
        stderr: String,
    },
    /// It did not end.
    #[error("{program} did not answer within {} s", ANSWER_WITHIN.as_secs())]
    TimedOut {
        /// The program.
        program: String,
    },
    /// Its listing is not what iptables prints.
    #[error("{program} -t nat -S: {what}")]
    Strange {
        /// The program.
        program: String,
        /// The line.
        what: String,
    },
    /// The calls succeeded, but the kernel shows something else.
    #[error("{program}: the rules are not as expected after the change; still to do: {left}")]
    NotAsWanted {
        /// The program.
        program: String,
        /// What a further try would call.
        left: String,
    },
}

impl GateError {
    pub(super) fn not_run(program: &str, error: &io::Error) -> GateError {
        GateError::NotRun {
            program: program.to_owned(),
            why: error.to_string(),
            missing: error.kind() == io::ErrorKind::NotFound,
        }
    }
}
