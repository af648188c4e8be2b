//! The options of `agent maintenance`.

use super::any_app::AnyApp;
use super::options::{Lasting, Target};
use super::without::Without;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct Maintaining {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Let users meet the page instead of the app
    On(Beginning),
    /// Bring users back to the app
    Off(Ending),
    /// Show whether users meet the page: since when, by which user, why, until when
    ///
    /// It asks the page, and each balancer for the page's line. The exit code is 0.
    Status(AnyApp),
}

#[derive(Debug, Args)]
pub(super) struct Beginning {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) lasting: Lasting,
    #[command(flatten)]
    pub(super) without: Without,
}

#[derive(Debug, Args)]
pub(super) struct Ending {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) without: Without,
}
