//! The lock as an operation has it.

use super::owner::Owner;
use super::session::Session;
use super::settings::LockSettings;
use crate::restart::{GroupLock, Phase, WhenAway};
use std::time::Duration;

/// One operation's share of the group's lock.
pub struct HostLock {
    settings: LockSettings,
    owner: Owner,
    session: Option<Session>,
    way: Way,
}

/// How an operation goes on while the lock is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It waits in the phase for that.
    Waits,
    /// It finishes another operation, and waits in no phase.
    Finishes,
    /// It has gone on without it, and announces itself.
    Without,
    /// It is out of rotation, and goes without it.
    Out,
}

impl HostLock {
    /// Asks for nothing yet.
    pub fn new(settings: &LockSettings, owner: Owner) -> HostLock {
        HostLock {
            settings: settings.clone(),
            owner,
            session: None,
            way: Way::Waits,
        }
    }

    /// The phase that waits for the lock asks for it, and anew after it was lost there. If the operation goes
    /// on without it, the lock may still come: it is given back at the end.
    pub(crate) fn look(&mut self, phase: &Phase) -> GroupLock {
        if *phase == Phase::Lock {
            return self.asks();
        }
        let Some(session) = &self.session else {
            return GroupLock::NotNeeded;
        };
        match (self.way, session.seen()) {
            (Way::Without, _) => GroupLock::Unused,
            (Way::Out, _) => GroupLock::NotNeeded,
            (_, seen @ (GroupLock::Held | GroupLock::Lost(_))) => seen,
            (Way::Finishes, seen) => seen,
            (Way::Waits, seen) => {
                self.way = self.way_without(&seen);
                self.look(phase)
            }
        }
    }

    /// In the phase that waits for it. The process may have been stopped for longer than the lock lasts.
    fn asks(&mut self) -> GroupLock {
        self.way = Way::Waits;
        let take = || Session::take(&self.settings, &self.owner);
        let seen = self.session.get_or_insert_with(take).seen();
        if let GroupLock::Lost(_) = seen {
            self.session = None;
        }
        seen
    }

    /// What has ended the wait: the server is away, or the host is out of rotation.
    fn way_without(&self, seen: &GroupLock) -> Way {
        let refuses = self.settings.when_away == WhenAway::Refuse;
        match refuses || matches!(seen, GroupLock::Full(_)) {
            true => Way::Out,
            false => Way::Without,
        }
    }

    /// Else it has nothing to give back.
    pub(crate) fn has_asked(&self) -> bool {
        self.session.is_some()
    }

    /// Asks for it again, for an operation that finishes another and goes on meanwhile.
    pub(crate) fn resume(&mut self, limit: Duration) {
        self.session = Some(Session::resume(&self.settings, &self.owner, limit));
        self.way = Way::Finishes;
    }

    /// Gives it back. Err: for how long others may have to wait, and why.
    pub(crate) async fn give_back(&mut self) -> Result<(), String> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        let given_back = session.give_back().await;
        given_back.map_err(|why| not_given_back(&self.settings, &self.owner.id, &why))
    }
}

pub(super) fn not_given_back(settings: &LockSettings, id: &str, why: &str) -> String {
    let then = match settings.ends_by_itself() {
        true => format!("it ends by itself within {:?}", settings.ttl),
        false => format!(
            "if this host has it, other hosts wait until you run `agent recover` here, or on any \
             host:\n    agent lock release {id} --force --reason 'it was not given back'"
        ),
    };
    format!("the lock was not given back: {why}; {then}")
}
