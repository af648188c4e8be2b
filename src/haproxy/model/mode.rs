//! HAProxy's mode of a backend: what its lines carry.

use serde::Serialize;

/// HAProxy's mode of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A line carries requests.
    #[default]
    Http,
    /// A line carries connections: each is in flight from its begin to its end.
    Tcp,
}

impl Mode {
    /// `1 request in flight`, `2 connections open`.
    pub fn in_flight(self, count: u64) -> String {
        let plural = if count == 1 { "" } else { "s" };
        match self {
            Mode::Http => format!("{count} request{plural} in flight"),
            Mode::Tcp => format!("{count} connection{plural} open"),
        }
    }
}
