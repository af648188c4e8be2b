//! `agent status`: prints what the kernel, HAProxy and the app show now, and the holds and
//! operations of the state directory.

mod alone;
mod beside;
mod closed;
mod frame;
mod group_lock;
mod left;
mod lines_beside;
mod look;
mod model;
mod observation;
mod owners;
mod page;
mod readonly;
mod targets;
mod text;
mod unused;
mod watch;
mod windows;

pub(super) use alone::{maintenance, readonly};
pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use look::{Asks, Looks};

/// Prints the status. `agent status --help` says what makes the exit code 1.
pub(super) async fn status(
    settings: &Settings,
    apps: &[AppSettings],
    json: bool,
) -> anyhow::Result<u8> {
    let all = Looks::new(settings, apps, Asks::WhileOn).next().await?;
    match json {
        true => say(&format!("{}\n", serde_json::json!(all))),
        false => say(&text::text(&all)),
    }
    Ok(all.exit)
}
