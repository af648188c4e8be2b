//! The group's lock around an operation: which operations take it, and what gives it back.

use super::go::Go;
use super::request::Operation;
use crate::host::ThisHost;
use crate::lock::{HostLock, Owner, give_back_left, look};
use crate::report::Draft;
use crate::restart::{Start, TakesLock, Verb};
use std::time::Duration;
use tokio::time::timeout;

/// An operation that finishes another one must not wait long for a lock server that is away.
const SHORT: Duration = Duration::from_secs(5);

impl Operation<'_> {
    /// A host that goes out takes the lock, and so does a switch that starts a target. What goes down
    /// with its machine or its unit does not, nor does a way back.
    pub(super) fn takes_lock(&self, start: &Start) -> Option<TakesLock> {
        let lock = self.settings.lock.as_ref()?;
        let asks = match self.effective_verb() {
            Verb::Restart | Verb::Close => start.goes_out(),
            Verb::Switch => start.is_first_of_a_start(),
            _ => false,
        };
        asks.then_some(TakesLock {
            when_away: lock.when_away,
            alone: lock.slots == 1,
        })
    }

    /// Prepares the host for its lock. One that finishes an earlier restart takes it again if it can.
    pub(super) async fn prepare_lock(&self, go: &Go, host: &mut ThisHost, draft: &Draft) {
        host.group_lock = None;
        let Some(settings) = &self.settings.lock else {
            return;
        };
        let user = draft.origin.caller.named().user.unwrap_or_default();
        let command = self.command();
        let lock = || {
            let owner = Owner::new(settings, &self.app.name, command, user);
            HostLock::new(settings, owner)
        };
        if go.limits.lock.is_some() {
            host.group_lock = Some(lock());
        } else if go.start.verb == Verb::Restart {
            let mut lock = lock();
            lock.resume(SHORT).await;
            host.group_lock = Some(lock);
        }
    }

    /// At the end, whatever it was: other hosts may begin. An operation without the lock gives back
    /// what an earlier one left that was cut short.
    pub(super) async fn give_back_lock(&self, lock: Option<HostLock>, draft: &mut Draft) {
        let given_back = match (lock, &self.settings.lock) {
            (Some(mut lock), _) => lock.give_back().await,
            (None, Some(settings)) if draft.cut_short.is_some() && self.verb != Verb::Stop => {
                let left = give_back_left(settings, &self.app.name);
                let left = timeout(SHORT, left).await;
                left.unwrap_or_else(|_| {
                    Err(format!("no answer of the lock server within {SHORT:?}"))
                })
            }
            _ => Ok(()),
        };
        draft.notices.extend(given_back.err());
    }

    /// For a dry run: who has the lock now.
    pub(super) async fn lock_now(&self) -> Option<String> {
        let settings = self.settings.lock.as_ref()?;
        let now = look(settings).await.describe();
        Some(format!("the lock of group {}: {now}", settings.group))
    }
}
