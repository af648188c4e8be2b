//! What one look at a balancer shows of our lines.

use super::{BackendCapacity, CheckStatus, Leaving, Role, Status};
use serde::Serialize;
use std::time::Duration;

/// What one balancer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerSeen {
    /// Its name.
    pub name: String,
    /// Our lines; Err: why they can't be seen.
    pub lines: Result<Vec<LineSeen>, String>,
    /// Another worker answers than at the last look, so its counters begin at 0.
    pub reloaded: bool,
    /// How long the current worker has run.
    pub uptime: Option<Duration>,
    /// The backends that serve us, where the phase asks for them.
    pub backends: Vec<BackendCapacity>,
    /// What its leaving workers carry, from its master socket; None: not asked, or it has none.
    pub leaving: Option<Vec<Leaving>>,
}

/// One server line of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineSeen {
    /// BACKEND/SERVER.
    pub name: String,
    /// Main or twin.
    pub role: Role,
    /// HAProxy's word; in JSON its text as `status`, and its kind as `state`.
    #[serde(flatten)]
    pub status: Status,
    /// Out of the balancing because its own check has failed completely; see
    /// [`crate::haproxy::ServerStat::is_out`].
    pub out: bool,
    /// How that check last ended.
    pub check: Option<CheckStatus>,
    /// Confirmed UP: full check health, slow start over.
    pub proven: bool,
    /// scur + qcur.
    pub in_flight: u64,
    /// stot: all sessions since HAProxy started.
    pub sessions: u64,
    /// Connections that the current worker has to it, idle or in use; None: not counted.
    pub connections: Option<u64>,
}

impl LineSeen {
    /// The backend in its name.
    pub fn backend(&self) -> &str {
        self.name.split_once('/').map_or("", |(backend, _)| backend)
    }
}

impl BalancerSeen {
    /// Reports that it can't be seen, and why.
    pub fn unseen(&self) -> Option<String> {
        let why = self.lines.as_ref().err()?;
        Some(format!("{} can't be seen: {why}", self.name))
    }

    /// Reports that another worker answers since the last look.
    pub fn reload_notice(&self) -> Option<String> {
        let note = || format!("{} was reloaded: looking anew", self.name);
        self.reloaded.then(note)
    }

    /// It shows every line of ours fully UP.
    pub fn all_up(&self) -> bool {
        let lines = self.lines.as_ref();
        lines.is_ok_and(|lines| lines.iter().all(|line| line.proven))
    }
}
