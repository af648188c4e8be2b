//! What `[lock]` says.

use super::endpoint::Endpoint;
use super::files::{FileFault, TlsFiles};
use crate::restart::WhenAway;
use std::time::Duration;

/// The limit for one request to all members. An operation waits 10 s for the first answer.
const IN_ALL: Duration = Duration::from_secs(8);

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

    /// A lock that is not given back ends after `ttl`.
    pub fn ends_by_itself(&self) -> bool {
        matches!(self.engine, Engine::Etcd(_))
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
        match self.has_tls() {
            true => self.tls.check(),
            false => Ok(()),
        }
    }

    /// One of its servers is asked by TLS.
    pub(crate) fn has_tls(&self) -> bool {
        self.endpoints().iter().any(|endpoint| endpoint.tls)
    }

    /// The limit for one request to one server. All must have their turn before the lock ends, and before
    /// an operation waits no longer for the first answer: it must then know why there is none.
    pub(super) fn limit(&self) -> Duration {
        let members = u32::try_from(self.endpoints().len()).unwrap_or(u32::MAX);
        let share = (self.ttl / 10).clamp(Duration::from_millis(500), Duration::from_secs(3));
        share.min(IN_ALL / members.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_members_have_their_turn_before_an_operation_waits_no_longer() {
        let limit = |members: usize, ttl: u64| {
            let member: Endpoint = "http://a:1".parse().unwrap();
            let settings = LockSettings {
                engine: Engine::Etcd(vec![member; members]),
                group: "web".to_owned(),
                slots: 1,
                ttl: Duration::from_secs(ttl),
                when_away: WhenAway::Claims,
                host: None,
                tls: TlsFiles::default(),
            };
            settings.limit().as_millis()
        };
        for (members, ttl, each) in [
            (1, 60, 3000),
            (2, 60, 3000),
            (3, 60, 2666),
            (4, 60, 2000),
            (7, 60, 1142),
            (1, 2, 500),
            (3, 2, 500),
            (3, 20, 2000),
        ] {
            assert_eq!(limit(members, ttl), each, "{members} members, {ttl} s");
        }
    }
}
