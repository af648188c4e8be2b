//! Looks at HAProxy while the app is restarted or upgraded. A balancer that hangs delays nothing:
//! a task of its own asks each balancer, and the caller takes the answers that are there.

use super::observe::observe;
use crate::haproxy::{Balancer, BalancerObservation};
use crate::restart::Ask;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// From one look to the next. Health checks are rarely more frequent.
const PACE: Duration = Duration::from_millis(100);

/// The most looks that wait to be read. The next one then waits.
const ROOM: usize = 16;

/// The looks, from its creation until it is dropped.
pub(super) struct BackgroundLooks {
    shown: Receiver<BalancerObservation>,
    _looking: JoinSet<()>,
}

impl BackgroundLooks {
    /// With our lines as found so far.
    pub(super) fn new(balancers: &[Balancer]) -> BackgroundLooks {
        let (sender, shown) = channel(ROOM);
        let mut looking = JoinSet::new();
        for balancer in balancers.iter().cloned() {
            looking.spawn(ask(balancer, sender.clone()));
        }
        BackgroundLooks {
            shown,
            _looking: looking,
        }
    }

    /// The next look. Without a balancer it never resolves.
    pub(super) async fn next(&mut self) -> BalancerObservation {
        match self.shown.recv().await {
            Some(shown) => shown,
            None => std::future::pending().await,
        }
    }

    /// What the balancers have shown so far.
    pub(super) fn take(&mut self) -> Vec<BalancerObservation> {
        std::iter::from_fn(|| self.shown.try_recv().ok()).collect()
    }
}

async fn ask(mut balancer: Balancer, sender: Sender<BalancerObservation>) {
    while sender
        .send(observe(&mut balancer, Ask::Lines).await)
        .await
        .is_ok()
    {
        tokio::time::sleep(PACE).await;
    }
}
