//! The app's restart, and what is left of one whose agent died.

use super::ThisHost;
use crate::journal::Entry;
use crate::leftover::Leftover;
use crate::restart::Acted;
use std::time::Instant;

impl ThisHost {
    /// Restarts the app. A signal does not cut that short, but is acknowledged.
    pub(super) async fn restart(&self) -> Acted {
        let note = |pid| {
            if let Err(error) = Leftover::note(&self.state_dir, &self.app.name, pid) {
                tracing::warn!(%error, "the restart command's process can't be noted");
            }
        };
        let limit = self.app.limits.restart;
        let mut run = std::pin::pin!(self.app.restart.run_telling(limit, note));
        let result = tokio::select! {
            result = &mut run => result,
            _ = self.stop.wait() => {
                tracing::warn!("interrupted while the app is being restarted: that is finished first");
                run.await
            }
        };
        Leftover::forget(&self.state_dir, &self.app.name);
        match result {
            Ok(()) => Acted::Done,
            Err(error) => Acted::Failed(error.to_string()),
        }
    }

    /// Waits until a restart that an earlier operation had begun is over. Err: it is not.
    pub async fn settle(&self, left: &Entry) -> Result<(), String> {
        let limit = self.app.limits.restart;
        let began = Instant::now();
        while let Some(Leftover { pid, .. }) = Leftover::running(&self.state_dir, &self.app.name) {
            if began.elapsed() >= limit {
                let command = &self.app.restart;
                return Err(format!(
                    "`{command}` of the restart that was cut short still runs (pid {pid}): let it end, or end it"
                ));
            }
            tokio::time::sleep(self.poll).await;
        }
        Leftover::forget(&self.state_dir, &self.app.name);
        let settled = self.app.restart.settle(left.instance.as_deref(), limit);
        settled.await.map_err(|error| error.to_string())
    }

    /// Whether the app was restarted since an earlier operation looked; None: can't be told.
    pub async fn restarted(&self, left: &Entry) -> Option<bool> {
        let now = self.app.restart.instance().await;
        let before = left.instance.as_deref()?;
        self.app.restart.was_restarted(before, now.as_deref())
    }
}
