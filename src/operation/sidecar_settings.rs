//! Refuses to move gates while the sidecar has older settings for them: it would undo that.

use super::go::{Begin, Preflight};
use super::request::Operation;
use crate::config::{Loaded, Older};
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

/// `systemctl reload` may return before the sidecar has read the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

impl Operation<'_> {
    /// Whether the sidecar has the settings of this app as the file has them now. A unit that
    /// starts or stops goes on in any case.
    pub(super) async fn agrees_with_sidecar(&self) -> Preflight<()> {
        if self.non_blocking || self.options.owner.is_some() {
            return Continue(());
        }
        let asked = Instant::now();
        loop {
            match self.older_settings() {
                None => return Continue(()),
                Some(older) if asked.elapsed() >= PATIENCE => {
                    return Break(Begin::refused(older.describe()));
                }
                Some(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The settings that the sidecar has not loaded yet, as far as they matter for this app.
    fn older_settings(&self) -> Option<Older> {
        // An error says that only root sees them. Without its rights no operation gets this far.
        let older = Loaded::older(self.settings).ok()??;
        let difference = older.difference.of_app(&self.app.name)?;
        Some(Older {
            difference,
            ..older
        })
    }
}
