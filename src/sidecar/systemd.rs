//! systemd is told by a thread of its own: it has room for ten messages, and while it is busy
//! (it reads all units anew, say) whoever sends an eleventh waits for it. Gates must not.

use crate::outbox::{Next, Outbox};
use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The way to systemd, where it is there.
#[derive(Debug)]
pub(crate) struct Systemd(Option<Outbox<String>>);

impl Systemd {
    /// Begins; without systemd nobody is told.
    pub(crate) fn new() -> Systemd {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Systemd(None);
        }
        let tell = |next: &Next<String>| {
            if let Next::Item(message) = next
                && let Err(error) = sd_notify::notify(&[NotifyState::Custom(message)])
            {
                tracing::debug!(%error, "systemd can't be told");
            }
            Ok(())
        };
        Systemd(Outbox::start("systemd", tell).ok())
    }

    /// There is one.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Tells it, in order, as soon as it listens. While it does not, news and signs of life
    /// may be left out; that we begin or end to do something is not.
    pub(crate) fn tell(&self, state: &[NotifyState<'_>]) {
        let lines: Vec<String> = state.iter().map(ToString::to_string).collect();
        let must = !state.iter().all(|one| {
            use NotifyState::{ExtendTimeoutUsec, Status, Watchdog};
            matches!(one, Status(_) | Watchdog | ExtendTimeoutUsec(_))
        });
        if let Some(outbox) = &self.0 {
            let message = lines.join("\n");
            let bytes = message.len();
            outbox.put(message, bytes, must);
        }
    }

    /// The last words: systemd is given so long to listen.
    pub(crate) fn flush(&self, most: Duration) {
        if let Some(outbox) = &self.0 {
            outbox.flush(Instant::now() + most);
        }
    }
}
