//! The app's edges against real processes and sockets: commands, signals, health probes.

mod commands;
mod memory;
mod probes;
mod signals;
mod targets;
mod tls;

use haproxy_gate::app::Environment;

/// The app that the commands work for.
const AT: Environment<'static> = Environment {
    app: "web",
    target: Some("blue"),
    port: 1000,
    phase: None,
};
