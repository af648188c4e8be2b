//! What a look shows of the group's lock, and how an operation takes it.

use std::time::Duration;

/// What a look shows of the group's lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GroupLock {
    /// There is none, or the operation goes without it.
    #[default]
    Unused,
    /// The operation has not asked for it: the host is out of rotation, and goes without it. If the host
    /// serves again before its gates are closed, it asks.
    NotNeeded,
    /// The lock server has not answered yet.
    Asked {
        /// Since when, on this look.
        lasts: Duration,
    },
    /// This host has it.
    Held,
    /// All its slots are taken: by which hosts, one entry each.
    Full(Vec<String>),
    /// The lock server can't be asked.
    Away {
        /// Why.
        why: String,
        /// Since when, on this look.
        lasts: Duration,
    },
    /// The lock server answers, and will not give it to this host, also if no other host has it.
    Refused {
        /// The answer.
        why: String,
        /// Since when, on this look.
        lasts: Duration,
    },
    /// This host had it, and has it no longer: why.
    Lost(String),
}

/// What an operation does while the lock server is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenAway {
    /// It ends.
    #[default]
    Refuse,
    /// It goes on without the lock. The hosts count each other, and announce themselves.
    Claims,
}

/// How an operation takes the group's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakesLock {
    /// What it does while the lock server is away.
    pub when_away: WhenAway,
    /// There is one slot, so no other host of the group goes out at the same moment.
    pub alone: bool,
    /// The host is out of rotation as the operation begins. It asks for the lock only if it serves again.
    pub is_out: bool,
}
