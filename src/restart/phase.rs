//! The phases, and what is done on entering each. An action is a function of its phase:
//! it can be repeated after a crash, all but what touches the app.

use super::{Limits, Verb};
use crate::haproxy::Role;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where an operation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The twin's gate is closed; every balancer must show the twins DOWN. Who closes next
    /// counts this host as gone already.
    Claim,
    /// The main gate is closed; every balancer must show the main lines DOWN.
    Close,
    /// The main lines are DOWN: are there still enough others? One may have fallen sick.
    Floor,
    /// The twin keeps its users until it has been quiet for a while, or the time is up.
    Sticky {
        /// Sessions the twins had had, at the last look.
        sessions: u64,
        /// When in this phase that number last moved or something was in flight.
        busy_at: Duration,
    },
    /// The twin's gate is closed; every balancer must show the twins DOWN.
    Shed,
    /// Nothing may be in flight, twice in a row.
    Drain {
        /// How often in a row nothing was.
        zeros: u32,
    },
    /// The app is being upgraded.
    Upgrade,
    /// The app is being restarted.
    Restart,
    /// The app must answer, as often in a row as asked.
    Healthy {
        /// How often in a row it has.
        streak: u32,
    },
    /// The upgraded app does not come up: it is being taken back to the version of before.
    Rollback(
        /// Why.
        String,
    ),
    /// The gates are open; every balancer must show all lines fully UP.
    Open,
    /// Given up before the app was touched: the gates go back to how they were found.
    PutBack(Why),
    /// Too few others, the gates are put back: waits for its turn.
    BackOff {
        /// When to try again, since the operation began.
        until: Duration,
    },
}

/// Why the gates are put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// HAProxy did not show the lines DOWN in time: what it showed.
    NotOut(Vec<String>),
    /// Requests were still in flight: which lines.
    DrainRanOut(Vec<String>),
    /// The rules could not be set.
    GateFailed(String),
    /// SIGINT or SIGTERM, by its number.
    Interrupted(i32),
    /// With this host out, too few others were left: where.
    TooFewServers(Vec<String>),
    /// The journal can't be written: after a crash nobody would know of the restart.
    Unrecorded(String),
    /// An earlier operation was cut short before it touched the app.
    CutShort,
}

/// What the balancers are asked in a phase, beside our own lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Nothing more.
    Lines,
    /// The other servers of our backends.
    Capacity,
    /// The same once our lines of this role are out: that is the whole of each backend, and
    /// nothing is decided before.
    CapacityOnceOut(Role),
    /// The same as often as the size of the backends allows; true: only where there is one in
    /// which no claim shows.
    CapacityIfDue(bool),
    /// What leaving workers carry.
    Leaving,
}

/// What is done on entering a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Close the main gate; the twin's gate stays as it is.
    CloseMain,
    /// Close the twin's gate; the main gate stays as it is.
    CloseTwin,
    /// Close both gates.
    CloseBoth,
    /// Upgrade the app. Like the two that follow it is not simply repeated.
    Upgrade,
    /// Take the app back to the version of before.
    Rollback,
    /// Restart the app.
    Restart,
    /// Open both gates.
    OpenBoth,
    /// Set both gates to how they were found.
    PutBack,
}

impl Action {
    /// A gate may be open after it.
    pub fn opens(self) -> bool {
        matches!(self, Action::OpenBoth | Action::PutBack)
    }
}

impl Phase {
    /// What is done on entering it, and again at each look that asks for it.
    pub fn action(&self, verb: Verb, limits: &Limits) -> Option<Action> {
        match self {
            Phase::Claim => Some(Action::CloseTwin),
            Phase::Close | Phase::Floor if limits.closes_both() || limits.claims() => {
                Some(Action::CloseBoth)
            }
            Phase::Close | Phase::Floor | Phase::Sticky { .. } => Some(Action::CloseMain),
            // Drain's too: a gate that somebody opened meanwhile is closed again.
            Phase::Shed | Phase::Drain { .. } => Some(Action::CloseBoth),
            Phase::Upgrade => Some(Action::Upgrade),
            Phase::Rollback(_) => Some(Action::Rollback),
            Phase::Restart => Some(Action::Restart),
            // Whoever puts old rules back must not open a gate before a sick app.
            Phase::Healthy { .. } if verb == Verb::Restart => Some(Action::CloseBoth),
            Phase::Open => Some(Action::OpenBoth),
            Phase::PutBack(_) | Phase::BackOff { .. } => Some(Action::PutBack),
            Phase::Healthy { .. } => None,
        }
    }

    /// How long it may take.
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

    /// It takes the host out of rotation; the app has not been touched.
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

    /// HAProxy shows this host DOWN already, or the host is on its way back: it does not take
    /// another server away any more.
    pub fn is_settled(&self) -> bool {
        let goes = matches!(self, Phase::Claim | Phase::Close);
        !goes && !matches!(self, Phase::PutBack(_) | Phase::BackOff { .. })
    }

    /// Whether enough others are left is not known yet.
    pub fn awaits_floor(&self, limits: &Limits) -> bool {
        let is_before = matches!(self, Phase::Claim | Phase::Close | Phase::Floor);
        is_before && limits.checks_capacity()
    }

    /// Its action touches the app.
    pub fn touches_app(&self) -> bool {
        matches!(self, Phase::Upgrade | Phase::Rollback(_) | Phase::Restart)
    }

    /// The app has not been touched yet, and won't be by what this phase does.
    pub fn is_before_restart(&self) -> bool {
        self.closes() || matches!(self, Phase::PutBack(_) | Phase::BackOff { .. })
    }

    /// The driver asks the app for its health in this phase.
    pub fn asks_app(&self) -> bool {
        matches!(self, Phase::Healthy { .. })
    }

    /// The driver looks at the connections to the app in this phase: from the first on, so
    /// that the drain knows which of them are the balancers'.
    pub fn watches_connections(&self) -> bool {
        self.closes()
    }

    /// The gates are closed, and nobody waits for HAProxy: it is looked at beside.
    pub fn keeps_closed(&self, verb: Verb) -> bool {
        let asks = self.asks_app() && verb == Verb::Restart;
        asks || self.touches_app()
    }

    /// What the driver asks the balancers in this phase, and waits for; None: nothing at all.
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
