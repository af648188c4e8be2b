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
        Session::run(settings, Share::new(settings, owner), None)
    }

    /// Asks for it once, and for so long: an operation that finishes another goes on meanwhile, and
    /// without it.
    pub(super) fn resume(settings: &LockSettings, owner: &Owner, limit: Duration) -> Session {
        let share = Share::new(settings, owner).resumed();
        Session::run(settings, share, Some(limit))
    }

    fn run(settings: &LockSettings, share: Share, once: Option<Duration>) -> Session {
        let state = Arc::new(Mutex::new(State::asked(settings.ttl)));
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(run(share, state.clone(), once, settings.ttl / 3, ended));
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
    once: Option<Duration>,
    beat: Duration,
    ended: oneshot::Receiver<()>,
) -> Result<(), String> {
    // To its end: a place that it takes over has to be given back.
    if let Some(limit) = once {
        take_again(&mut share, &state, limit).await;
    }
    tokio::select! {
        // Also if the operation has dropped it.
        _ = ended => {}
        () = hold(&mut share, &state, once.is_none(), beat) => {}
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
            Ok(Asked::Refused(why)) => with(state, |state| state.refused(why)),
            Err(why) => with(state, |state| state.away(why)),
        }
        sleep(Duration::from_millis(fastrand::u64(AGAIN))).await;
    }
}

/// The place of the operation that was cut short, if it is still there.
async fn take_again(share: &mut Share, state: &Mutex<State>, limit: Duration) {
    let none = || Err(format!("no answer of the lock server within {limit:?}"));
    let asked = timeout(limit, share.ask()).await;
    let asked = asked.unwrap_or_else(|_| none());
    with(state, |state| match asked {
        Ok(Asked::Held(until)) => state.held(until),
        Ok(Asked::Full(by)) => state.lost(format!("it is with {}", by.join(", "))),
        Ok(Asked::Refused(why)) | Err(why) => state.lost(why),
    });
}

impl Share {
    fn new(settings: &LockSettings, owner: &Owner) -> Share {
        match &settings.engine {
            Engine::Etcd(_) => Share::Etcd(Box::new(Etcd::new(settings, owner.clone()))),
            Engine::Fleetlock(server) => {
                Share::Fleetlock(Box::new(Fleetlock::new(server, settings, owner)))
            }
        }
    }

    fn resumed(self) -> Share {
        match self {
            Share::Fleetlock(fleetlock) => Share::Fleetlock(Box::new(fleetlock.resumed())),
            etcd @ Share::Etcd(_) => etcd,
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
