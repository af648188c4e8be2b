//! The options of `agent switch`.

use super::options::{Target, line};
use super::times::up_to;
use super::without::Without;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Switching {
    #[command(flatten)]
    pub(super) target: Target,
    /// The target to switch to; optional if the app has two targets
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["back", "finish"])]
    pub(super) to: Option<String>,
    /// Switch back to the target that is still ready (see `keep`)
    #[arg(long, conflicts_with = "finish")]
    pub(super) back: bool,
    /// Drain and stop the target that is still ready: its way back ends now
    #[arg(long)]
    pub(super) finish: bool,
    /// Prepare the idle target with this command line for /bin/sh, before the agent starts it
    ///
    /// It gets AGENT_APP, AGENT_TARGET and AGENT_PORT. Users are on the other target meanwhile. The
    /// agent never runs it a second time by itself.
    #[arg(long, value_name = "CMD", value_parser = line, conflicts_with_all = ["back", "finish"])]
    pub(super) with: Option<String>,
    /// Keep the old target ready for this long, in place of `keep`: 10m, 0s
    #[arg(long, value_name = "TIME", value_parser = keeps, conflicts_with = "finish")]
    pub(super) keep: Option<Duration>,
    #[command(flatten)]
    pub(super) without: Without,
}

/// A time up to a year, zero included.
fn keeps(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Ok(Duration::ZERO),
        _ => up_to(text, Duration::from_hours(24 * 365), "1year"),
    }
}
