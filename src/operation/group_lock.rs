//! The group's lock around an operation: which operations take it, and what gives it back.

use super::go::{Begin, Go};
use super::request::Operation;
use crate::host::ThisHost;
use crate::lock::{HostLock, LockLook, LockSettings, Owner, give_back_left, look};
use crate::report::Draft;
use crate::restart::{Limits, Start, TakesLock, WhenAway, finds_lock_left, patience, takes_lock};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// An operation that finishes another one must not wait long for a lock server that is away.
const SHORT: Duration = Duration::from_secs(5);

/// Between two looks of a dry run.
const PAUSE: Duration = Duration::from_millis(500);

impl Operation<'_> {
    /// How it takes the lock, if it does. `is_out`: the host is out of rotation already.
    pub(super) fn takes_lock(&self, start: &Start, is_out: bool) -> Option<TakesLock> {
        let lock = self.settings.lock.as_ref()?;
        takes_lock(self.effective_verb(), start).then_some(TakesLock {
            when_away: lock.when_away,
            alone: lock.slots == 1,
            is_out,
        })
    }

    /// Prepares the host for its lock. One that finishes an earlier restart takes it again if it can, and
    /// does not wait for it: its gates are closed.
    pub(super) fn prepare_lock(&self, go: &Go, host: &mut ThisHost, draft: &Draft) {
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
        } else if go.start.finishes.is_some() {
            let mut lock = lock();
            lock.resume(SHORT);
            host.group_lock = Some(lock);
        }
    }

    /// At the end, whatever it was: other hosts may begin. An operation without the lock gives back
    /// what an earlier one may have left.
    pub(super) async fn give_back_lock(&self, lock: Option<HostLock>, draft: &mut Draft) {
        let asked = lock.filter(HostLock::has_asked);
        let given_back = match (asked, &self.settings.lock) {
            (Some(mut lock), _) => lock.give_back().await,
            (None, Some(settings)) if self.finds_lock_left(settings, draft) => {
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

    /// No other process uses this host's place in the group meanwhile: this one has the app's own lock.
    /// A sidecar that repairs gates asks no server without a reason in the journal.
    fn finds_lock_left(&self, settings: &LockSettings, draft: &Draft) -> bool {
        let ends_by_itself = self.non_blocking || settings.ends_by_itself();
        !self.dry_run && finds_lock_left(self.verb, draft.cut_short.is_some(), ends_by_itself)
    }

    /// The answer of a dry run: its steps, and who has the lock now. Where the operation would wait for an
    /// answer of the server, so does the dry run.
    pub(super) async fn planned(
        &self,
        mut steps: Vec<String>,
        limits: &Limits,
        host: &ThisHost,
    ) -> Begin {
        let Some(settings) = &self.settings.lock else {
            return Begin::Planned(steps);
        };
        let takes = limits.lock.filter(|takes| !takes.is_out);
        let refuses = takes.is_some_and(|takes| takes.when_away == WhenAway::Refuse);
        let patience = match refuses {
            true => patience(limits.turn),
            false => Duration::ZERO,
        };
        let now = tokio::select! {
            now = look_within(settings, patience) => now,
            signal = host.stopped() => return Begin::Interrupted(signal),
        };
        match now {
            LockLook::Away(why) if refuses => Begin::LockAway(why),
            now => {
                let (group, now) = (&settings.group, now.describe());
                steps.push(format!("the lock of group {group}: {now}"));
                Begin::Planned(steps)
            }
        }
    }
}

/// Looks again while the server is away, for so long: etcd may be electing a leader.
async fn look_within(settings: &LockSettings, patience: Duration) -> LockLook {
    let asked = Instant::now();
    loop {
        match look(settings).await {
            LockLook::Away(_) if asked.elapsed() + PAUSE < patience => sleep(PAUSE).await,
            now => return now,
        }
    }
}
