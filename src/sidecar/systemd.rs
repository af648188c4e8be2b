//! systemd is told by a thread of its own: it has room for ten messages, and while it is busy
//! (it reads all units anew, say) whoever sends an eleventh waits for it. Gates must not.

use nix::sys::signal::SigSet;
use sd_notify::NotifyState;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// The way to systemd, where it is there.
#[derive(Debug)]
pub struct Systemd(Option<Sender<String>>);

impl Systemd {
    /// Begins; without systemd nobody is told.
    pub fn new() -> Systemd {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Systemd(None);
        }
        let (sender, messages) = channel::<String>();
        let tell = move || {
            // Signals are for the thread that answers them.
            let _ = SigSet::all().thread_block();
            for message in messages {
                if let Err(error) = sd_notify::notify(&[NotifyState::Custom(&message)]) {
                    tracing::debug!(%error, "systemd can't be told");
                }
            }
        };
        let thread = thread::Builder::new().name("systemd".to_owned());
        Systemd(thread.spawn(tell).ok().map(|_| sender))
    }

    /// Tells it, in order, as soon as it listens.
    pub fn tell(&self, state: &[NotifyState<'_>]) {
        let lines: Vec<String> = state.iter().map(ToString::to_string).collect();
        if let Some(sender) = &self.0 {
            let _ = sender.send(lines.join("\n"));
        }
    }
}
