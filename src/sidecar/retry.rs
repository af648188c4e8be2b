//! When the sidecar tries an operation again that has failed.

use std::time::{Duration, Instant};

/// The first and the longest wait after a failed operation.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// The next try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    at: Instant,
    /// How long the wait for it is in all.
    pub(super) wait: Duration,
}

impl Retry {
    /// The next try from now on. Each wait is twice as long as the one `before`.
    pub(super) fn after(before: Option<Retry>) -> Retry {
        let wait = before.map_or(FIRST, |before| (before.wait * 2).min(LONGEST));
        Retry {
            at: Instant::now() + wait,
            wait,
        }
    }

    /// The rest of the wait. None: it is over.
    pub(super) fn left(self) -> Option<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_up_to_the_longest() {
        let mut retry = None;
        let waits = [1, 2, 4, 8, 10, 10].map(|_| {
            let next = Retry::after(retry);
            retry = Some(next);
            assert!(next.left().unwrap() <= next.wait);
            next.wait.as_secs()
        });
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    }
}
