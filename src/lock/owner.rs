//! Who has the lock, or waits for it: the value of a key in etcd.

use super::machine;
use super::settings::LockSettings;
use crate::clock::{since_1970, timestamp};
use serde::{Deserialize, Serialize};

/// An operation that has the lock, or waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// The host and its app.
    pub id: String,
    /// The host's name in the group.
    pub host: String,
    /// The app.
    pub app: String,
    /// The user. Empty: not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The command.
    pub command: String,
    /// When it asked for the lock, in seconds since 1970.
    pub asked_at: u64,
    /// Since when it has the lock. None: it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The number of slots in its configuration.
    pub slots: usize,
    /// A fingerprint of its machine.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub machine: String,
}

impl Owner {
    /// An operation of this host that asks now.
    pub fn new(settings: &LockSettings, app: &str, command: String, user: String) -> Owner {
        Owner {
            id: settings.id(app),
            host: settings.host(),
            app: app.to_owned(),
            user,
            command,
            asked_at: since_1970().as_secs(),
            since: None,
            slots: settings.slots,
            machine: machine::fingerprint(),
        }
    }

    /// The same, with the lock since now.
    pub(super) fn holding(&self) -> Owner {
        Owner {
            since: Some(since_1970().as_secs()),
            ..self.clone()
        }
    }

    /// Another machine uses the id of this one.
    pub(super) fn is_double(&self, found: &Owner) -> bool {
        let both = !self.machine.is_empty() && !found.machine.is_empty();
        both && self.machine != found.machine
    }

    /// `web2 (agent restart web, by alice, since 2026-01-01T00:00:00Z)`
    pub fn described(&self) -> String {
        let user = match self.user.as_str() {
            "" => String::new(),
            user => format!(", by {user}"),
        };
        let since = match self.since {
            Some(since) => format!(", since {}", timestamp(since)),
            None => String::new(),
        };
        format!("{} ({}{user}{since})", self.host, self.command)
    }
}
