//! Refuses a restart while the sidecar has older settings for its gates: it would move them back.

use super::go::{Begin, Preflight};
use super::request::Operation;
use crate::config::{Loaded, Older};
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::Verb;
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

/// `systemctl reload` may return before the sidecar has read the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

impl Operation<'_> {
    /// Whether the sidecar has the settings of this app as the file has them now. Only a restart
    /// and a switch can wait for that. A close in an incident and a recovery go on, with a notice.
    pub(super) async fn agrees_with_sidecar(
        &self,
        host: &ThisHost,
        draft: &mut Draft,
    ) -> Preflight<()> {
        let by_sidecar = self.non_blocking || self.verb == Verb::Stop;
        if by_sidecar || self.options.owner.is_some() {
            return Continue(());
        }
        let asked = Instant::now();
        while let Some(older) = self.older_settings() {
            match self.verb {
                verb if !(verb == Verb::Restart || verb.switches()) => {
                    draft.notices.push(older.describe());
                    break;
                }
                _ if asked.elapsed() < PATIENCE => {}
                _ => return Break(Begin::refused(older.describe())),
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = host.stopped() => return Break(Begin::Interrupted(signal)),
            }
        }
        Continue(())
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
