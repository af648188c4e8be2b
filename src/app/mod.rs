//! The app on this host: how the agent restarts it, and how it finds out that the app is healthy.
//!
//! [`Restart`] restarts it once and returns the result: by a systemd job over D-Bus, by a
//! command, or by a signal to the process in a pidfile. [`Run`] starts and stops one target of it,
//! and [`room()`] judges whether there is memory for a second one. [`Health`] probes it on its own
//! port. A [`Change`] is its upgrade, its rollback, or another command of it. None of them repeats or decides anything: limits
//! and repetition are the caller's.

mod change;
mod command;
mod command_error;
mod control_group;
mod environment;
mod health;
mod http;
mod output;
mod printed;
mod process_tree;
mod program;
mod proxy;
mod reach;
mod restart;
mod room;
mod run;
mod signal;
mod systemd;
mod tls;
mod usage;

pub use change::Change;
pub use command_error::CommandError;
pub use environment::Environment;
pub use health::{Health, HealthCheck};
pub use printed::Printed;
pub use proxy::Proxy;
pub use reach::Reach;
pub use restart::{Restart, RestartError};
pub use room::{Need, Place, room};
pub use run::Run;
pub use signal::SignalError;
pub use systemd::{Job, NO_BOOT, UnitError, UnitState, not_enabled};
pub use tls::Verify;
pub(crate) use tls::{check_client, client as tls_client, is_name, name};
pub use usage::available;
