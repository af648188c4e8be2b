//! The options of `agent readonly`.

use super::any_app::AnyApp;
use super::options::{Lasting, words};
use super::without::Without;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct Declaring {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Let HAProxy refuse writes
    On(Beginning),
    /// Let HAProxy take writes again
    ///
    /// It closes the marker's gate also if a balancer can't be seen. That balancer refuses writes until
    /// its own check has failed.
    Off(Ending),
    /// Show whether HAProxy refuses writes: since when, by which user, why, until when
    ///
    /// It asks each balancer for the marker's line. The exit code is 0.
    Status(AnyApp),
}

#[derive(Debug, Args)]
pub(super) struct Beginning {
    #[command(flatten)]
    pub(super) of: Moving,
    #[command(flatten)]
    pub(super) lasting: Lasting,
}

#[derive(Debug, Args)]
pub(super) struct Ending {
    #[command(flatten)]
    pub(super) of: Moving,
}

/// What `on` and `off` have in common.
#[derive(Debug, Args)]
pub(super) struct Moving {
    /// The app; optional if the configuration has only one
    pub(super) app: Option<String>,
    /// The reason: `agent history` and `agent status` show it
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: Option<String>,
    /// Check everything, print the plan, change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Treat the end of standard input as SIGHUP, for callers over SSH
    ///
    /// If the connection ends before HAProxy shows the marker as asked, the agent moves the gate
    /// back.
    #[arg(long)]
    pub(super) attached: bool,
    #[command(flatten)]
    pub(super) without: Without,
}
