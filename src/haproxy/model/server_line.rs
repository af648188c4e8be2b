//! One server line of ours, as a balancer shows it.

use super::{CheckStatus, Mode, Role, Status};
use serde::Serialize;

/// One server line of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerLine {
    /// BACKEND/SERVER.
    pub name: String,
    /// Main or twin.
    pub role: Role,
    /// HAProxy's configuration marks it `backup`.
    #[serde(skip)]
    pub backup: bool,
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
    /// What is in flight: requests, or in mode tcp connections.
    pub mode: Mode,
    /// stot: all sessions since HAProxy started.
    pub sessions: u64,
    /// Connections that the current worker has to it, idle or in use; None: not counted.
    pub connections: Option<u64>,
}

impl ServerLine {
    /// The backend in its name.
    pub fn backend(&self) -> &str {
        self.name.split_once('/').map_or("", |(backend, _)| backend)
    }

    /// The operation does not wait for its UP; see [`Status::is_held`].
    pub fn is_held(&self) -> bool {
        self.status.is_held(self.backup)
    }

    /// Confirmed UP by its checks, whatever its weight: HAProxy sends it users, if only by cookie.
    pub fn is_fully_up(&self) -> bool {
        self.proven || matches!(&self.status, Status::ZeroWeight(text) if text == "UP")
    }
}

#[cfg(test)]
impl ServerLine {
    /// A line that carries nothing and never had a session.
    pub(crate) fn idle(name: &str, role: Role, status: &str) -> ServerLine {
        let (word, weight) = match status.strip_suffix(" (weight 0)") {
            Some(word) => (word, 0),
            None => (status, 1),
        };
        let status = Status::parse(word).expect(word).with_weight(weight);
        ServerLine {
            name: name.to_owned(),
            role,
            backup: role != Role::Main,
            out: status.is_out(),
            check: None,
            proven: status == Status::Up || (role != Role::Main && word == "UP"),
            status,
            in_flight: 0,
            mode: Mode::Http,
            sessions: 0,
            connections: Some(0),
        }
    }
}
