//! Keeps the gate of an app's marker as the record says, and ends read-only when its time is over. An
//! app without a marker costs nothing.

use super::act::SOON;
use super::marker::Marker;
use super::reconciler::Reconciler;
use super::retry::Retry;
use crate::operation::{Kept, keep_marker};
use std::time::Duration;

impl Reconciler {
    /// Returns when to look again if something was done. A problem here never delays the gates of
    /// the app.
    pub(super) async fn keep_marker(&mut self) -> Option<Duration> {
        let rules = self.rules.view.as_ref()?;
        self.app.readonly?;
        if self.marker.retry.and_then(Retry::left).is_some() {
            return None;
        }
        let kept = keep_marker(&self.settings, &self.app, &mut self.host, rules).await;
        let app = &self.app.name;
        match kept {
            Ok(Kept::AsItWas) => {
                self.marker = Marker::default();
                return None;
            }
            Ok(Kept::Opened) => tracing::warn!(%app, "{app}: the marker's gate was not open, \
                although writes are refused: the agent opened it"),
            Ok(Kept::Closed) => tracing::warn!(%app, "{app}: the marker's gate was not closed, \
                although no operator refuses writes: the agent closed it"),
            Ok(Kept::Ended) => tracing::info!(%app, "{app}: the time of read-only is over: this \
                host refuses no writes any more"),
            Err(why) => {
                self.marker_failed(why);
                return None;
            }
        }
        self.marker = Marker::default();
        // The next round lists the rules again.
        self.rules.may_have_changed();
        Some(SOON)
    }

    fn marker_failed(&mut self, why: String) {
        let app = &self.app.name;
        if self.marker.trouble.as_ref() != Some(&why) {
            tracing::warn!(%app, "{app}: {why}");
        }
        self.marker = Marker {
            retry: Some(Retry::after(self.marker.retry)),
            trouble: Some(why),
        };
    }
}
