//! Finds the operation that has left the gates closed, in the history.

use crate::clock::{self, since_1970, uptime};
use crate::history::{self, Entry};
use serde::Serialize;
use std::path::Path;

/// A failed operation that has left the gates closed without a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LeftClosed {
    /// Its id in the history.
    pub(super) operation: String,
    pub(super) verb: String,
    pub(super) outcome: String,
    /// The user, the unit or the sidecar that asked for it.
    pub(super) caller: String,
    /// When it ended.
    pub(super) at_unix_seconds: u64,
    pub(super) message: String,
}

/// The outcomes of a restart that leave the gates closed.
const CLOSED: [&str; 3] = ["not_healthy", "restart_failed", "upgrade_failed"];

impl LeftClosed {
    /// Reads the history. None also if it can't be read.
    pub(super) fn find(history_dir: &Path, app: &str) -> Option<LeftClosed> {
        let booted = since_1970().as_secs().saturating_sub(uptime());
        let entries = history::read(history_dir).ok()?.entries;
        left_closed(&entries, app, booted)
    }

    /// In one line, without what the message says about the gates.
    pub(super) fn describe(&self) -> String {
        let (why, _) = self
            .message
            .split_once("; the gates")
            .unwrap_or((&self.message, ""));
        let (id, caller) = (&self.operation, &self.caller);
        let at = clock::timestamp(self.at_unix_seconds);
        format!("the failed {} {id} of {caller} ({why}, at {at})", self.verb)
    }
}

/// The last operation on the app that did anything, if it is a failed restart of this boot.
fn left_closed(entries: &[Entry], app: &str, booted: u64) -> Option<LeftClosed> {
    let last = entries
        .iter()
        .rev()
        .find(|entry| entry.app == app && moves_gates(entry))?;
    let ended = (last.started_at + last.seconds) as u64;
    let is_it = last.verb == "restart" && CLOSED.contains(&last.outcome.as_str());
    (is_it && ended >= booted).then(|| LeftClosed {
        operation: last.id.clone(),
        verb: last.verb.clone(),
        outcome: last.outcome.clone(),
        caller: last.caller.brief().to_owned(),
        at_unix_seconds: ended,
        message: last.message.clone(),
    })
}

/// Without a phase it did nothing. One that should open the gates and met a sick app left them as
/// they were.
fn moves_gates(entry: &Entry) -> bool {
    let opens = ["open", "recover"].contains(&entry.verb.as_str());
    let met_a_sick_app = opens && entry.outcome == "not_healthy";
    !(entry.phases.is_empty() || met_a_sick_app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::PhaseEntry;

    fn entry(verb: &str, outcome: &str) -> Entry {
        Entry {
            id: "1ng3gtr3xfn".to_owned(),
            app: "web".to_owned(),
            verb: verb.to_owned(),
            outcome: outcome.to_owned(),
            started_at: 100.0,
            seconds: 5.0,
            phases: vec![PhaseEntry::default()],
            ..Entry::default()
        }
    }

    #[test]
    fn only_the_last_operation_that_did_anything_left_the_gates_closed() {
        let failed = || entry("restart", "not_healthy");
        let idle = || Entry {
            phases: Vec::new(),
            ..entry("restart", "refused")
        };
        let other = || Entry {
            app: "api".to_owned(),
            ..entry("open", "opened")
        };
        let left = |entries: &[Entry]| left_closed(entries, "web", 50).is_some();
        assert!(left(&[failed()]));
        assert!(left(&[failed(), idle(), other()]));
        assert!(left(&[failed(), entry("recover", "not_healthy")]));
        assert!(!left(&[]));
        assert!(!left(&[failed(), entry("recover", "recovered")]));
        assert!(!left(&[entry("restart", "restarted")]));
        assert_eq!(left_closed(&[failed()], "web", 106), None);
    }
}
