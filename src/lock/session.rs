//! Takes the lock, keeps it and gives it back, beside the operation.

use super::engine::{Asked, Kept};
use super::etcd::Etcd;
use super::fleetlock::Fleetlock;
use super::owner::Owner;
use super::settings::{Engine, LockSettings};
use super::state::State;
use crate::restart::GroupLock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Between two questions while others have the lock, in milliseconds. Drawn anew each time.
const AGAIN: std::ops::Range<u64> = 150..400;

/// One operation's request for the lock.
pub(super) struct Session {
    state: Arc<Mutex<State>>,
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), String>>,
}

enum Share {
    Etcd(Box<Etcd>),
    Fleetlock(Box<Fleetlock>),
}

impl Session {
    /// Asks for the lock until it is there.
    pub(super) fn take(settings: &LockSettings, owner: &Owner) -> Session {
        let (state, share) = (State::asked(settings.ttl), Share::new(settings, owner));
        Session::run(share, state, true, settings.ttl / 3)
    }

    /// Asks for it once: an operation that finishes another goes on without it.
    pub(super) async fn resume(settings: &LockSettings, owner: &Owner, limit: Duration) -> Session {
        let (mut state, mut share) = (State::asked(settings.ttl), Share::new(settings, owner));
        let asked = timeout(limit, share.ask()).await;
        match asked
            .unwrap_or_else(|_| Err(format!("no answer of the lock server within {limit:?}")))
        {
            Ok(Asked::Held(until)) => state.held(until),
            Ok(Asked::Full(by)) => state.lost(format!("it is with {}", by.join(", "))),
            Err(why) => state.lost(why),
        }
        Session::run(share, state, false, settings.ttl / 3)
    }

    fn run(share: Share, state: State, asks: bool, beat: Duration) -> Session {
        let state = Arc::new(Mutex::new(state));
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(run(share, state.clone(), asks, beat, ended));
        Session { state, end, task }
    }

    /// What is known now.
    pub(super) fn seen(&self) -> GroupLock {
        with(&self.state, State::seen)
    }

    /// Err: it may still be ours for a while.
    pub(super) async fn give_back(self) -> Result<(), String> {
        let _ = self.end.send(());
        self.task
            .await
            .unwrap_or_else(|error| Err(error.to_string()))
    }
}

fn with<T>(state: &Mutex<State>, change: impl FnOnce(&mut State) -> T) -> T {
    change(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn run(
    mut share: Share,
    state: Arc<Mutex<State>>,
    asks: bool,
    beat: Duration,
    ended: oneshot::Receiver<()>,
) -> Result<(), String> {
    tokio::select! {
        // Also if the operation has dropped it.
        _ = ended => {}
        () = hold(&mut share, &state, asks, beat) => {}
    }
    share.give_back().await
}

/// Returns once the lock is lost.
async fn hold(share: &mut Share, state: &Mutex<State>, asks: bool, beat: Duration) {
    if asks {
        take(share, state).await;
    }
    while with(state, State::seen) == GroupLock::Held {
        sleep(beat).await;
        match share.keep().await {
            Ok(Kept::Until(until)) => with(state, |state| state.kept(until)),
            Ok(Kept::Always) => {}
            Ok(Kept::Gone(why)) => with(state, |state| state.lost(why)),
            Err(why) => with(state, |state| state.unanswered(why)),
        }
    }
}

/// Returns once the lock is there.
async fn take(share: &mut Share, state: &Mutex<State>) {
    loop {
        match share.ask().await {
            Ok(Asked::Held(until)) => return with(state, |state| state.held(until)),
            Ok(Asked::Full(by)) => with(state, |state| state.full(by)),
            Err(why) => with(state, |state| state.away(why)),
        }
        sleep(Duration::from_millis(fastrand::u64(AGAIN))).await;
    }
}

impl Share {
    fn new(settings: &LockSettings, owner: &Owner) -> Share {
        match &settings.engine {
            Engine::Etcd(_) => Share::Etcd(Box::new(Etcd::new(settings, owner.clone()))),
            Engine::Fleetlock(_) => Share::Fleetlock(Box::new(Fleetlock::new(settings, owner))),
        }
    }

    async fn ask(&mut self) -> Result<Asked, String> {
        match self {
            Share::Etcd(etcd) => etcd.ask().await,
            Share::Fleetlock(fleetlock) => fleetlock.ask().await,
        }
    }

    async fn keep(&mut self) -> Result<Kept, String> {
        match self {
            Share::Etcd(etcd) => etcd.keep().await,
            Share::Fleetlock(_) => Ok(Fleetlock::keep()),
        }
    }

    async fn give_back(&mut self) -> Result<(), String> {
        match self {
            Share::Etcd(etcd) => etcd.give_back().await,
            Share::Fleetlock(fleetlock) => fleetlock.give_back().await,
        }
    }
}
