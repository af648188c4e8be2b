//! What an earlier operation on the app left unfinished.

use super::request::Operation;
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::Phase;
use crate::state::journal::{Entry, Journal};

/// What an earlier operation left unfinished.
pub(super) struct Earlier {
    pub(super) entry: Option<Entry>,
    /// Whether the app has been restarted since it began to drain.
    pub(super) restarted: Option<bool>,
}

impl Operation<'_> {
    pub(super) async fn earlier(&self, host: &ThisHost, draft: &mut Draft) -> Earlier {
        let entry = match Journal::unfinished(self.state_dir(), &self.app.name) {
            Ok(entry) => entry,
            Err(torn) => {
                draft.notices.push(format!(
                    "{torn}: the agent relies on the kernel and HAProxy instead"
                ));
                None
            }
        };
        let Some(entry) = entry else {
            return Earlier {
                entry: None,
                restarted: None,
            };
        };
        draft.notices.push(entry.cut_short());
        draft.cut_short = self.cut_short(&entry);
        let asks = entry.restarting && entry.phase == Phase::Restart;
        let restarted = match asks {
            true => host.restarted(&entry).await,
            false => None,
        };
        Earlier {
            entry: Some(entry),
            restarted,
        }
    }
}
