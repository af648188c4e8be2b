//! The locks of operations: an operator runs one at a time on this host. Each app has one at a
//! time, the sidecar's included.

use super::go::{refusal, untouched};
use super::request::Operation;
use crate::restart::Outcome;
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::journal::Journal;
use crate::state::lock::{Lock, LockError, Owner, describe};
use std::path::Path;
use std::time::{Duration, Instant};

/// The sidecar needs its lock for a moment. An operation waits this much longer for it.
const MOMENT: Duration = Duration::from_secs(10);

/// The time between two tries: for a lock owner that is brief, and for any other.
const AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];

/// The locks, held for as long as an operation runs.
pub(super) struct Locks {
    _host: Option<Lock>,
    _app: Option<Lock>,
}

/// Why an operation gets no lock. It has changed nothing.
pub(super) enum NoLock {
    /// The lock owner restarts the app, and opens its gates.
    LeftTo(String),
    /// Another operation has the lock: which.
    Held(String),
    /// The lock can't be used: why.
    Unusable(String),
    /// This signal arrived first.
    Interrupted(i32),
}

impl NoLock {
    /// How the operation ends.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            NoLock::LeftTo(owner) => Outcome::Nothing(owner),
            NoLock::Held(owner) => Outcome::Locked(owner),
            NoLock::Unusable(why) => Outcome::Refused(refusal(why)),
            NoLock::Interrupted(signal) => untouched(signal),
        }
    }
}

/// One try to take a lock.
enum Tried {
    /// The lock is taken. None: a dry run only saw that it is free.
    Taken(Option<Lock>),
    /// Another process has it, which may have written its name.
    Held(Option<Owner>),
}

impl Operation<'_> {
    /// Takes the locks. A dry run makes nothing, and only looks whether they are free. An
    /// operation waits for a brief lock owner. On behalf of a unit it waits for every lock owner,
    /// but not for the host's turn: the unit may stop because another app restarts.
    pub(super) async fn lock(&self, stop: &StopSignal) -> Result<Locks, NoLock> {
        self.may_lock()?;
        let state_dir = self.state_dir();
        let host = match self.options.owner {
            None => self.wait_for(&directory::lock(state_dir), stop).await?,
            Some(_) => None,
        };
        let app = directory::app_lock(state_dir, &self.app.name);
        Ok(Locks {
            _host: host,
            _app: self.wait_for(&app, stop).await?,
        })
    }

    async fn wait_for(&self, path: &Path, stop: &StopSignal) -> Result<Option<Lock>, NoLock> {
        let began = Instant::now();
        loop {
            let lock_owner = match self.try_lock(path)? {
                Tried::Taken(lock) => return Ok(lock),
                Tried::Held(lock_owner) => lock_owner,
            };
            if self.options.owner.is_some()
                && let Some(restarting) = self.restarting(lock_owner.as_ref())
            {
                return Err(NoLock::LeftTo(restarting));
            }
            let brief = lock_owner
                .as_ref()
                .is_some_and(|lock_owner| lock_owner.brief)
                && began.elapsed() < MOMENT;
            if !brief && (self.options.owner.is_none() || self.dry_run) {
                return Err(NoLock::Held(LockError::Held(lock_owner).to_string()));
            }
            match stop.asked() {
                Some(signal) => return Err(NoLock::Interrupted(signal)),
                None => tokio::time::sleep(AGAIN[usize::from(!brief)]).await,
            }
        }
    }

    fn may_lock(&self) -> Result<(), NoLock> {
        if !nix::unistd::geteuid().is_root() {
            return Err(NoLock::Unusable(
                "iptables and the state directory need root: run it with sudo".to_owned(),
            ));
        }
        let (agent, app) = (&self.settings.agent, &self.app.name);
        directory::trusted(&agent.state_dir, &agent.hold_dir, app)
            .map_err(|untrusted| NoLock::Unusable(untrusted.to_string()))
    }

    /// As on the command line.
    pub(super) fn command(&self) -> String {
        format!("agent {} {}", self.verb.word(), self.app.name)
    }

    fn try_lock(&self, path: &Path) -> Result<Tried, NoLock> {
        if self.dry_run {
            return Ok(match Lock::owner(path) {
                None => Tried::Taken(None),
                Some(lock_owner) => Tried::Held(lock_owner),
            });
        }
        match Lock::take(path, &Owner::new(self.command())) {
            Ok(lock) => Ok(Tried::Taken(Some(lock))),
            Err(LockError::Held(lock_owner)) => Ok(Tried::Held(lock_owner)),
            Err(unusable) => Err(NoLock::Unusable(unusable.to_string())),
        }
    }

    /// The lock owner that restarts or upgrades this app has drained it before, and opens its
    /// gates after that. A unit that stops and starts with the app must not wait for that.
    fn restarting(&self, lock_owner: Option<&Owner>) -> Option<String> {
        let entry = Journal::unfinished(self.state_dir(), &self.app.name).ok()??;
        let is_its = lock_owner.is_some_and(|lock_owner| lock_owner.pid == entry.invocation.pid);
        let restarts = entry.restarting && entry.phase.touches_app();
        (is_its && restarts)
            .then(|| format!("left to {}, which restarts the app", describe(lock_owner)))
    }
}
