//! The shapes of `[app.NAME.page]` and `[app.NAME.readonly]`.

use crate::config::durations::positive;
use crate::config::port::Port;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageFile {
    pub port: Spanned<Port>,
    pub status_port: Spanned<Port>,
    pub file: Option<Spanned<PathBuf>>,
    #[serde(default = "a_minute", deserialize_with = "positive")]
    pub retry_after: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadonlyFile {
    pub status_port: Spanned<Port>,
    pub gate_to: Option<Spanned<Port>>,
}

fn a_minute() -> Duration {
    Duration::from_mins(1)
}
