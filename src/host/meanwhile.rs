//! HAProxy, looked at while the app is touched. A balancer that hangs keeps nothing waiting: each
//! is asked by a task of its own, and what it has shown is taken when it is there.

use super::look;
use crate::haproxy::Balancer;
use crate::restart::{Ask, BalancerSeen};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// From one look to the next: no health check comes much more often.
const PACE: Duration = Duration::from_millis(100);

/// Looks that wait to be taken; then the next one waits.
const ROOM: usize = 16;

/// The looks, from when it was made until it is dropped.
pub(super) struct Meanwhile {
    shown: Receiver<BalancerSeen>,
    _looking: JoinSet<()>,
}

impl Meanwhile {
    /// With our lines as they were found.
    pub(super) fn new(balancers: &[Balancer]) -> Meanwhile {
        let (sender, shown) = channel(ROOM);
        let mut looking = JoinSet::new();
        for balancer in balancers.iter().cloned() {
            looking.spawn(ask(balancer, sender.clone()));
        }
        Meanwhile {
            shown,
            _looking: looking,
        }
    }

    /// The next look; never, where there is no balancer.
    pub(super) async fn next(&mut self) -> BalancerSeen {
        match self.shown.recv().await {
            Some(seen) => seen,
            None => std::future::pending().await,
        }
    }

    /// What has been shown so far.
    pub(super) fn take(&mut self) -> Vec<BalancerSeen> {
        std::iter::from_fn(|| self.shown.try_recv().ok()).collect()
    }
}

async fn ask(mut balancer: Balancer, sender: Sender<BalancerSeen>) {
    while sender
        .send(look::seen(&mut balancer, Ask::Lines).await)
        .await
        .is_ok()
    {
        tokio::time::sleep(PACE).await;
    }
}
