//! The lock as an operation has it.

use super::owner::Owner;
use super::session::Session;
use super::settings::{Engine, LockSettings};
use crate::restart::{GroupLock, Phase};
use std::time::Duration;

/// One operation's share of the group's lock.
pub struct HostLock {
    settings: LockSettings,
    owner: Owner,
    session: Option<Session>,
}

impl HostLock {
    /// Asks for nothing yet.
    pub fn new(settings: &LockSettings, owner: Owner) -> HostLock {
        HostLock {
            settings: settings.clone(),
            owner,
            session: None,
        }
    }

    /// The phase that waits for the lock asks for it. An operation that has gone on without it gives it
    /// up.
    pub(crate) fn look(&mut self, phase: &Phase) -> GroupLock {
        if self.session.is_none() && *phase == Phase::Lock {
            self.session = Some(Session::take(&self.settings, &self.owner));
        }
        let Some(session) = &self.session else {
            return GroupLock::Unused;
        };
        match session.seen() {
            seen @ (GroupLock::Held | GroupLock::Lost(_)) => seen,
            seen if *phase == Phase::Lock => seen,
            _ => {
                self.session = None;
                GroupLock::Unused
            }
        }
    }

    /// Takes it again, for an operation that finishes another.
    pub(crate) async fn resume(&mut self, limit: Duration) {
        self.session = Some(Session::resume(&self.settings, &self.owner, limit).await);
    }

    /// Gives it back. Err: for how long others may have to wait, and why.
    pub(crate) async fn give_back(&mut self) -> Result<(), String> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        let given_back = session.give_back().await;
        given_back.map_err(|why| not_given_back(&self.settings, &why))
    }
}

pub(super) fn not_given_back(settings: &LockSettings, why: &str) -> String {
    let then = match settings.engine {
        Engine::Etcd(_) => format!("it ends by itself within {:?}", settings.ttl),
        Engine::Fleetlock(_) => "other hosts wait until you run `agent recover`, or `agent lock \
                                 release --force`"
            .to_owned(),
    };
    format!("the lock was not given back: {why}; {then}")
}
