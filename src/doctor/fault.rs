//! A fault that another part of the agent reports: what it found, and the fix.

use crate::restart::TakesDown;

/// A fault with its fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub found: String,
    pub fix: String,
}

impl From<TakesDown> for Fault {
    fn from(TakesDown { what, fix }: TakesDown) -> Fault {
        Fault { found: what, fix }
    }
}

impl Fault {
    /// Reads a message of the agent: the fix is behind `; fix: `, or behind the last `; `.
    /// `otherwise`: the fix if the message has none.
    pub(crate) fn of(message: &str, otherwise: &str) -> Fault {
        let parts = message.split_once("; fix: ");
        let parts = parts.or_else(|| message.rsplit_once("; "));
        let (found, fix) = parts.unwrap_or((message, otherwise));
        Fault {
            found: found.to_owned(),
            fix: fix.to_owned(),
        }
    }
}
