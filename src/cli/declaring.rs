//! The options of `agent readonly`.

use super::options::{lasts, words};
use super::window::OutsideWindow;
use super::without::Without;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// The way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    /// HAProxy refuses writes
    On,
    /// HAProxy takes writes again
    Off,
}

#[derive(Debug, Args)]
pub(super) struct Declaring {
    /// Whether HAProxy refuses writes
    #[arg(value_enum)]
    pub(super) on: Switch,
    /// The app; optional if the configuration has only one
    pub(super) app: Option<String>,
    /// Let the sidecar end it after this time: 90s, 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(super) lasts: Option<Duration>,
    /// The reason: `agent history` and `agent status` show it
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: Option<String>,
    /// Check everything, print the plan, change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) window: OutsideWindow,
    #[command(flatten)]
    pub(super) without: Without,
}
