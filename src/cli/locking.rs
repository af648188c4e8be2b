//! The options of `agent lock`.

use super::examples::LOCK;
use super::options::words;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(after_help = LOCK)]
pub(super) struct Locking {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Show which operations have the lock, and which wait for it
    Status {
        /// The group, or an app of this host (default: the group in the configuration)
        #[arg(value_name = "APP|GROUP")]
        group: Option<String>,
    },
    /// Take the lock away from a host that does not give it back
    ///
    /// The operation of that host ends and puts its gates back, if it has not touched its app yet. Else
    /// it finishes. A lock in etcd ends by itself after its `ttl`.
    Release {
        /// The id that has it, HOST/APP (optional if only one has it)
        #[arg(value_name = "HOST/APP")]
        id: Option<String>,
        /// Really take it away
        #[arg(long, required = true)]
        force: bool,
        /// The reason: `agent history` shows it
        #[arg(long, value_name = "TEXT", required = true, value_parser = words)]
        reason: String,
    },
}
