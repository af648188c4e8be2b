//! The phases of an operation: what each one is, its name and its time limit.

use super::Limits;
use super::switch::SwitchPhase;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The phase that an operation is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The host waits for the group's lock. The gates stay as they are: what another process changes
    /// is put back.
    Lock,
    /// The twin's gate is closed, and every balancer must show the twins DOWN. Other hosts count
    /// this host as gone from now on.
    Claim,
    /// The main gate is closed; every balancer must show the main lines DOWN.
    Close,
    /// The main lines are DOWN. The capacity is checked once more, because a server may have
    /// failed.
    Floor,
    /// The twin keeps its users until it is quiet for a while, or the time is up.
    Sticky {
        /// Sessions that the twins had had at the last look.
        sessions: u64,
        /// The time in this phase at which that number last changed or something was in flight.
        busy_at: Duration,
    },
    /// The twin's gate is closed; every balancer must show the twins DOWN.
    Shed,
    /// Nothing may be in flight, twice in a row (more often where connections are counted).
    Drain {
        /// The number of quiet looks in a row.
        zeros: u32,
    },
    /// The app is being upgraded.
    Upgrade,
    /// The app is being restarted.
    Restart,
    /// The app must be healthy as often in a row as configured.
    Healthy {
        /// The number of healthy answers in a row.
        streak: u32,
    },
    /// The upgraded app does not come up, and is taken back to the old version.
    Rollback(
        /// Why.
        String,
    ),
    /// The gates are open; every balancer must show all lines fully UP.
    Open,
    /// All lines are UP, and the new version is watched for a while.
    Settle,
    /// The new version is sick, and is taken back to the old one: why. The host goes out of rotation
    /// first.
    Sick(
        /// Why.
        String,
    ),
    /// The operation gives up before the app is touched. The gates return to their first
    /// positions.
    PutBack(Why),
    /// Too few other servers are left. The gates are put back, and the host waits for its turn.
    BackOff {
        /// The time of the next try, since the operation began.
        until: Duration,
    },
    /// A phase of a switch.
    Switch(SwitchPhase),
}

/// Why the gates are put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// HAProxy did not show the lines DOWN in time: what it showed.
    NotOut(Vec<String>),
    /// Requests were still in flight: on which lines.
    DrainRanOut(Vec<String>),
    /// The rules could not be set.
    GateFailed(String),
    /// SIGHUP, SIGINT or SIGTERM, by its number.
    Interrupted(i32),
    /// With this host out, too few other servers were left: in which backends.
    TooFewServers(Vec<String>),
    /// The journal can't be written. After a crash the next agent would not know of the restart.
    Unrecorded(String),
    /// The group's lock was lost before the app was touched: why.
    LockLost(String),
    /// An earlier operation was interrupted before it touched the app.
    CutShort,
}

impl Phase {
    /// Its time limit.
    pub fn limit(&self, limits: &Limits) -> Duration {
        match self {
            Phase::Claim | Phase::Close | Phase::Floor | Phase::Shed => limits.out_of_rotation,
            Phase::Sticky { .. } => limits.sticky,
            Phase::Drain { .. } => limits.drain,
            Phase::Upgrade | Phase::Rollback(_) => limits.upgrade,
            Phase::Restart => limits.restart,
            Phase::Healthy { .. } => limits.healthy,
            Phase::Open | Phase::PutBack(_) => limits.in_rotation,
            Phase::BackOff { .. } | Phase::Lock => limits.turn,
            Phase::Settle => limits.settles_for(),
            Phase::Sick(_) => Duration::ZERO,
            Phase::Switch(phase) => phase.limit(limits),
        }
    }

    /// Its name in logs, JSON and the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Phase::Lock => "lock",
            Phase::Claim => "claim",
            Phase::Close => "close",
            Phase::Floor => "floor",
            Phase::Sticky { .. } => "sticky",
            Phase::Shed => "shed",
            Phase::Drain { .. } => "drain",
            Phase::Upgrade => "upgrade",
            Phase::Rollback(_) => "rollback",
            Phase::Restart => "restart",
            Phase::Healthy { .. } => "healthy",
            Phase::Open => "open",
            Phase::PutBack(_) => "put_back",
            Phase::BackOff { .. } => "back_off",
            Phase::Settle => "settle",
            Phase::Sick(_) => "sick",
            Phase::Switch(phase) => phase.name(),
        }
    }
}
