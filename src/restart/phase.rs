//! The phases, and the action of each. An action depends on the phase, the verb and the limits, never
//! on what was seen. So the agent can repeat it after a crash, unless it touches the app.

use super::{Limits, Verb};
use crate::haproxy::Role;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The phase that an operation is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
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
    /// The operation gives up before the app is touched. The gates return to their first
    /// positions.
    PutBack(Why),
    /// Too few other servers are left. The gates are put back, and the host waits for its turn.
    BackOff {
        /// The time of the next try, since the operation began.
        until: Duration,
    },
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
    /// An earlier operation was interrupted before it touched the app.
    CutShort,
}

/// What the balancers are asked in a phase, in addition to our own lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Our own lines only.
    Lines,
    /// The capacity of our backends.
    Capacity,
    /// The capacity, once our lines of this role are out. It needs whole backends, and nothing is
    /// decided before.
    CapacityOnceOut(Role),
    /// The capacity, as often as the size of the backends allows. True: only if a claim is not visible
    /// in one of them.
    CapacityIfDue(bool),
    /// What leaving workers carry.
    Leaving,
}

/// The action of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Close the main gate; the twin's gate stays as it is.
    CloseMain,
    /// Close the twin's gate; the main gate stays as it is.
    CloseTwin,
    /// Close both gates.
    CloseBoth,
    /// Upgrade the app. This action and the next two are not simply repeated.
    Upgrade,
    /// Take the app back to the old version.
    Rollback,
    /// Restart the app.
    Restart,
    /// Open both gates.
    OpenBoth,
    /// Set both gates to the positions in which the operation found them.
    PutBack,
}

impl Action {
    /// A gate may be open after it.
    pub fn opens(self) -> bool {
        matches!(self, Action::OpenBoth | Action::PutBack)
    }

    /// The gates that it closes.
    pub fn closes(self) -> &'static [Role] {
        match self {
            Action::CloseMain => &[Role::Main],
            Action::CloseTwin => &[Role::Twin],
            Action::CloseBoth => &[Role::Main, Role::Twin],
            _ => &[],
        }
    }
}

impl Phase {
    /// Its action on entering, and again at each look that asks for it.
    pub fn action(&self, verb: Verb, limits: &Limits) -> Option<Action> {
        match self {
            Phase::Claim => Some(Action::CloseTwin),
            Phase::Close | Phase::Floor if limits.closes_both() || limits.claims() => {
                Some(Action::CloseBoth)
            }
            Phase::Close | Phase::Floor | Phase::Sticky { .. } => Some(Action::CloseMain),
            // Also in the drain: another process may have opened a gate, and it is closed again.
            Phase::Shed | Phase::Drain { .. } => Some(Action::CloseBoth),
            Phase::Upgrade => Some(Action::Upgrade),
            Phase::Rollback(_) => Some(Action::Rollback),
            Phase::Restart => Some(Action::Restart),
            // Another process may restore old rules. They must not open a gate before a sick app.
            Phase::Healthy { .. } if verb == Verb::Restart => Some(Action::CloseBoth),
            Phase::Open => Some(Action::OpenBoth),
            Phase::PutBack(_) | Phase::BackOff { .. } => Some(Action::PutBack),
            Phase::Healthy { .. } => None,
        }
    }

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
            Phase::BackOff { .. } => limits.turn,
        }
    }

    /// Its name in logs, JSON and the journal.
    pub fn name(&self) -> &'static str {
        match self {
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
        }
    }

    /// It takes the host out of rotation, and the app is not touched yet.
    pub fn closes(&self) -> bool {
        matches!(
            self,
            Phase::Claim
                | Phase::Close
                | Phase::Floor
                | Phase::Sticky { .. }
                | Phase::Shed
                | Phase::Drain { .. }
        )
    }

    /// HAProxy already shows this host DOWN, or the host is on its way back. It takes no further
    /// server away.
    pub fn is_settled(&self) -> bool {
        let goes = matches!(self, Phase::Claim | Phase::Close);
        !goes && !matches!(self, Phase::PutBack(_) | Phase::BackOff { .. })
    }

    /// It is not yet known whether enough other servers are left.
    pub fn awaits_floor(&self, limits: &Limits) -> bool {
        let is_before = matches!(self, Phase::Claim | Phase::Close | Phase::Floor);
        is_before && limits.checks_capacity()
    }

    /// Its action touches the app.
    pub fn touches_app(&self) -> bool {
        matches!(self, Phase::Upgrade | Phase::Rollback(_) | Phase::Restart)
    }

    /// The app is not touched yet, and this phase does not touch it.
    pub fn is_before_restart(&self) -> bool {
        self.closes() || matches!(self, Phase::PutBack(_) | Phase::BackOff { .. })
    }

    /// The driver asks the app for its health in this phase.
    pub fn asks_app(&self) -> bool {
        matches!(self, Phase::Healthy { .. })
    }

    /// The driver watches the connections to the app in this phase. It does so from the first
    /// phase on, so that the drain knows the balancers' connections.
    pub fn watches_connections(&self) -> bool {
        self.closes()
    }

    /// The gates are closed, and the operation does not wait for HAProxy. HAProxy is watched in
    /// the background.
    pub fn keeps_closed(&self, verb: Verb) -> bool {
        let asks = self.asks_app() && verb == Verb::Restart;
        asks || self.touches_app()
    }

    /// What the driver asks the balancers in this phase, and waits for; None: nothing.
    pub fn asks_balancers(&self, limits: &Limits) -> Option<Ask> {
        match self {
            Phase::Healthy { .. } => None,
            phase if phase.touches_app() => None,
            Phase::Open if limits.in_rotation.is_zero() => None,
            Phase::Claim => Some(Ask::CapacityOnceOut(Role::Twin)),
            Phase::Close if limits.checks_capacity() => Some(Ask::CapacityIfDue(limits.claims())),
            Phase::Floor | Phase::BackOff { .. } => Some(Ask::Capacity),
            Phase::Drain { .. } => Some(Ask::Leaving),
            _ => Some(Ask::Lines),
        }
    }
}
