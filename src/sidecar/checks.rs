//! The health checks of an app whose gates are closed.

use std::time::{Duration, Instant};

/// The longest time between two health checks. An app that just became unhealthy is checked more
/// often.
const LONGEST: Duration = Duration::from_secs(1);

/// The checks so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    began: Option<Instant>,
    /// Healthy answers in a row.
    healthy: u32,
}

impl Checks {
    /// Counts a healthy answer.
    pub(super) fn healthy(&mut self) {
        self.healthy += 1;
    }

    /// The next healthy answer is the first of a row.
    pub(super) fn anew(&mut self) {
        self.healthy = 0;
    }

    /// The answers to come count from now on, unless checks go on already.
    pub(super) fn begin(&mut self) {
        self.began.get_or_insert_with(Instant::now);
    }

    /// Whether there were so many healthy answers in a row.
    pub(super) fn has(&self, times: u32) -> bool {
        self.healthy >= times
    }

    /// Whether the last check succeeded. None if no check is needed.
    pub(super) fn last(&self) -> Option<bool> {
        self.began.map(|_| self.healthy > 0)
    }

    /// The time to the next check, `shortest` at first: it grows while the app stays unhealthy.
    pub(super) fn pace(&self, shortest: Duration) -> Duration {
        let long = self
            .began
            .map_or(Duration::ZERO, |began| began.elapsed() / 60);
        shortest.max(long.min(LONGEST))
    }
}
