//! The app on this host: how it is restarted, and how we tell that it is healthy.
//!
//! [`Restart`] touches it once and says how that ended: by a systemd job over D-Bus, by a
//! command, or by a signal to the process that a pidfile names. [`Health`] asks it on its own
//! port. A [`Change`] is what an upgrade does to it, or what takes that back. None repeats anything nor decides anything: limits and repetition are the caller's.

mod change;
mod command;
mod command_error;
mod health;
mod http;
mod output;
mod process_tree;
mod program;
mod proxy;
mod reach;
mod restart;
mod signal;
mod systemd;
mod tls;

pub use change::Change;
pub use command_error::CommandError;
pub use health::{Health, HealthCheck};
pub use proxy::Proxy;
pub use reach::Reach;
pub use restart::{Restart, RestartError};
pub use signal::SignalError;
pub use systemd::{Job, UnitError, UnitState};
pub use tls::Verify;
pub(crate) use tls::{is_name, name};

/// An I/O error as a few plain words: "connection refused", not "Connection refused (os error 111)".
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or(&text);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
