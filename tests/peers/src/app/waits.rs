//! Waits that a test may end: the cold time after a boot, and a request that is answered late.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Boot;

/// Between two looks at the folder.
const LOOK: Duration = Duration::from_millis(10);

impl Boot {
    /// Waits for so many milliseconds, or as many as the file `cold-ms` has by then.
    pub async fn warm_up(&self, millis: u64) {
        let began = Instant::now();
        loop {
            let cold = Duration::from_millis(self.cold_time().unwrap_or(millis));
            let left = cold.saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK)).await;
        }
    }

    /// Waits for so long, or until the file `answers` is there. The journal has the begin and the end.
    pub async fn answer_late(&self, pause: Duration) {
        self.note("asked");
        let end = Instant::now() + pause;
        while Instant::now() < end && !self.dir.join("answers").exists() {
            sleep_until(end.min(Instant::now() + LOOK)).await;
        }
        self.note("answered");
    }
}
