//! What `[lock]` says.

use super::endpoint::Endpoint;
use super::files::{FileFault, TlsFiles};
use crate::restart::WhenAway;
use std::time::Duration;

/// The lock of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockSettings {
    /// Where it is.
    pub engine: Engine,
    /// The hosts that share it.
    pub group: String,
    /// How many of them may have it at once. A FleetLock server has a number of its own, which must be the
    /// same.
    pub slots: usize,
    /// When it ends by itself after its owner has died. FleetLock has no such time.
    pub ttl: Duration,
    /// What an operation does without an answer of the server.
    pub when_away: WhenAway,
    /// The name of this host in the group. None: its hostname.
    pub host: Option<String>,
    /// For endpoints with TLS.
    pub tls: TlsFiles,
}

/// The kind of server, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// etcd, by these members, in the order in which they are asked.
    Etcd(Vec<Endpoint>),
    /// A server of the FleetLock protocol.
    Fleetlock(Endpoint),
}

impl LockSettings {
    /// Its servers, in the order in which they are asked.
    pub fn endpoints(&self) -> &[Endpoint] {
        match &self.engine {
            Engine::Etcd(members) => members,
            Engine::Fleetlock(server) => std::slice::from_ref(server),
        }
    }

    /// This host's name in the group.
    pub fn host(&self) -> String {
        self.host.clone().unwrap_or_else(crate::host::name)
    }

    /// The id of an app of this host: the same in every operation, so that one that finishes another
    /// takes the same place.
    pub fn id(&self, app: &str) -> String {
        format!("{}/{app}", self.host())
    }

    /// Reads the files that TLS needs, to find a fault before an operation does.
    ///
    /// # Errors
    ///
    /// The first file that can't be used.
    pub fn check_files(&self) -> Result<(), FileFault> {
        match self.endpoints().iter().any(|endpoint| endpoint.tls) {
            true => self.tls.check(),
            false => Ok(()),
        }
    }

    /// The limit for one request to one server. All must have their turn before the lock ends.
    pub(super) fn limit(&self) -> Duration {
        let share = self.ttl / 10;
        share.clamp(Duration::from_millis(500), Duration::from_secs(3))
    }
}
