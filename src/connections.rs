//! The connections of a small server: only so many at once. A new one ends the oldest, so that silent
//! clients never block a client that asks.

use std::collections::VecDeque;
use tokio::task::{AbortHandle, JoinSet};

/// The connections under way. Drop ends them.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    tasks: JoinSet<()>,
    /// The same, oldest first.
    order: VecDeque<AbortHandle>,
}

impl Connections {
    /// So many at once.
    pub(crate) fn new(most: usize) -> Connections {
        Connections {
            most,
            tasks: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Adds a connection, which is served by `serving`. If there are too many it ends the oldest.
    pub(crate) async fn add(&mut self, serving: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.order.retain(|task| !task.is_finished());
        while self.order.len() >= self.most
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
            // Waits until the task has closed its file descriptor.
            self.tasks.join_next().await;
        }
        self.order.push_back(self.tasks.spawn(serving));
    }
}
