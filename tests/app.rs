//! The app's edges against real processes and sockets: commands, signals, health probes.

#[path = "app/commands.rs"]
mod commands;
#[path = "app/probes.rs"]
mod probes;
#[path = "app/signals.rs"]
mod signals;
#[path = "app/tls.rs"]
mod tls;
