//! Whose an operation is, as the journal and the mark of closed gates have it.

use crate::clock::since_1970;
use crate::restart::Verb;
use crate::state::lock;
use serde::{Deserialize, Serialize};

/// Who does what, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The agent's process.
    pub pid: u32,
    /// What it was asked for.
    pub verb: Verb,
    /// For which app.
    pub app: String,
    /// Since when, in seconds since 1970.
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

    /// Who, in one line.
    pub fn describe(&self) -> String {
        lock::signature(&self.command(), self.pid, self.since)
    }
}
