//! The app's edges against real processes and sockets: commands, signals, health probes.

mod commands;
mod probes;
mod signals;
mod tls;
