//! A thread of its own sends messages to systemd. The socket has room for ten, and the sender of
//! an eleventh waits while systemd is busy, for example with a daemon-reload. Gates must not wait.

use crate::outbox::{Next, Outbox};
use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The connection to systemd, if systemd started this process.
#[derive(Debug)]
pub(crate) struct Systemd(Option<Outbox<String>>);

impl Systemd {
    /// Starts the thread. Without systemd every message is dropped.
    pub(crate) fn new() -> Systemd {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Systemd(None);
        }
        let send = |next: &Next<String>| {
            if let Next::Item(message) = next
                && let Err(error) = sd_notify::notify(&[NotifyState::Custom(message)])
            {
                tracing::debug!(%error, "systemd can't be notified");
            }
            Ok(())
        };
        Systemd(Outbox::start("systemd", send).ok())
    }

    /// Whether systemd is there.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the messages in order, as soon as systemd reads. Until then the outbox may drop
    /// statuses and signs of life. It never drops the begin or the end of an action.
    pub(crate) fn send(&self, state: &[NotifyState<'_>]) {
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

    /// Waits until systemd has read everything, at most this long.
    pub(crate) fn flush(&self, most: Duration) {
        if let Some(outbox) = &self.0 {
            outbox.flush(Instant::now() + most);
        }
    }
}
