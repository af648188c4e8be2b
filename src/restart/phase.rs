//! The phases, and what is done on entering each. An action is a function of its phase:
//! it can be repeated after a crash, all but the app's restart.

use super::Limits;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where an operation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The main gate is closed; every balancer must show the main lines DOWN.
    Close,
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
    /// The app is being restarted.
    Restart,
    /// The app must answer, as often in a row as asked.
    Healthy {
        /// How often in a row it has.
        streak: u32,
    },
    /// The gates are open; every balancer must show all lines fully UP.
    Open,
    /// Given up before the app was touched: the gates go back to how they were found.
    PutBack(Why),
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
}

/// What is done on entering a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Close the main gate; the twin's gate stays as it is.
    CloseMain,
    /// Close both gates.
    CloseBoth,
    /// Restart the app. The only action that is not simply repeated.
    Restart,
    /// Open both gates.
    OpenBoth,
    /// Set both gates to how they were found.
    PutBack,
}

impl Phase {
    /// What is done on entering it.
    pub fn action(&self, limits: &Limits) -> Option<Action> {
        match self {
            Phase::Close if limits.sticky.is_zero() => Some(Action::CloseBoth),
            Phase::Close => Some(Action::CloseMain),
            // Drain's too: a gate that somebody opened meanwhile is closed again.
            Phase::Shed | Phase::Drain { .. } => Some(Action::CloseBoth),
            Phase::Restart => Some(Action::Restart),
            Phase::Open => Some(Action::OpenBoth),
            Phase::PutBack(_) => Some(Action::PutBack),
            Phase::Sticky { .. } | Phase::Healthy { .. } => None,
        }
    }

    /// How long it may take.
    pub fn limit(&self, limits: &Limits) -> Duration {
        match self {
            Phase::Close | Phase::Shed => limits.out_of_rotation,
            Phase::Sticky { .. } => limits.sticky,
            Phase::Drain { .. } => limits.drain,
            Phase::Restart => limits.restart,
            Phase::Healthy { .. } => limits.healthy,
            Phase::Open | Phase::PutBack(_) => limits.in_rotation,
        }
    }

    /// Its name in logs, JSON and the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Phase::Close => "close",
            Phase::Sticky { .. } => "sticky",
            Phase::Shed => "shed",
            Phase::Drain { .. } => "drain",
            Phase::Restart => "restart",
            Phase::Healthy { .. } => "healthy",
            Phase::Open => "open",
            Phase::PutBack(_) => "put_back",
        }
    }

    /// It takes the host out of rotation; the app has not been touched.
    pub fn closes(&self) -> bool {
        matches!(
            self,
            Phase::Close | Phase::Sticky { .. } | Phase::Shed | Phase::Drain { .. }
        )
    }

    /// The app has not been touched yet, and won't be by what this phase does.
    pub fn is_before_restart(&self) -> bool {
        self.closes() || matches!(self, Phase::PutBack(_))
    }

    /// The driver asks the app for its health in this phase.
    pub fn asks_app(&self) -> bool {
        matches!(self, Phase::Healthy { .. })
    }

    /// The driver asks the balancers in this phase.
    pub fn asks_balancers(&self) -> bool {
        !matches!(self, Phase::Restart | Phase::Healthy { .. })
    }
}
