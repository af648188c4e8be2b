//! What the kinds of lock have in common.

use std::time::Duration;

/// The answer to a request for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is ours, until this time since the boot; None: until it is given back.
    Held(Option<Duration>),
    /// Others have it: which.
    Full(Vec<String>),
    /// Not for this host, also if no other host has it: the answer.
    Refused(String),
}

/// Whether the lock is still ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// Until this time since the boot.
    Until(Duration),
    /// Until it is given back.
    Always,
    /// No longer: why.
    Gone(String),
}
