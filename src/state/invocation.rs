//! The command behind an operation, as the journal and the hold have it.

use crate::clock::since_1970;
use crate::restart::Verb;
use serde::{Deserialize, Serialize};

/// A process, its command and when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The agent's process.
    pub pid: u32,
    /// The verb.
    pub verb: Verb,
    /// The app.
    pub app: String,
    /// When it began, in seconds since 1970.
    pub since: u64,
}

impl Invocation {
    /// This process, now.
    pub fn new(verb: Verb, app: &str) -> Invocation {
        Invocation {
            pid: std::process::id(),
            verb,
            app: app.to_owned(),
            since: since_1970().as_secs(),
        }
    }

    /// As on the command line.
    pub fn command(&self) -> String {
        format!("agent {} {}", self.verb.word(), self.app)
    }
}
