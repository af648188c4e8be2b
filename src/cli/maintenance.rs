//! The options of `agent maintenance`.

use super::options::{Target, lasts};
use super::window::OutsideWindow;
use super::without::Without;
use clap::{Args, ValueEnum};
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Maintaining {
    /// on: users meet the page. off: users meet the app again. status: what is so now
    pub(super) what: What,
    #[command(flatten)]
    pub(super) target: Target,
    /// With `on`: let the sidecar end it after this time: 90s, 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(super) lasts: Option<Duration>,
    #[command(flatten)]
    pub(super) window: OutsideWindow,
    #[command(flatten)]
    pub(super) without: Without,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    On,
    Off,
    Status,
}
