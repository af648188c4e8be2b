//! `agent status`: what the kernel, HAProxy and the app say now, and what the state directory has
//! of holds and operations.

mod closed;
mod frame;
mod look;
mod model;
mod owners;
mod seen;
mod text;
mod watch;

pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use look::Looks;
use model::AppStatus;

/// Prints it. Exit code 1 where something is in the way or out of sight, or the app is sick.
pub(super) async fn status(
    settings: &Settings,
    apps: &[AppSettings],
    json: bool,
) -> anyhow::Result<u8> {
    let all = Looks::new(settings, apps).next().await?;
    match json {
        true => say(&format!("{}\n", serde_json::json!(all))),
        false => say(&text::text(&all)),
    }
    let sound = |app: &AppStatus| {
        app.health.healthy
            && app.trouble.is_empty()
            && app.balancers.iter().all(|b| b.error.is_none())
    };
    Ok(u8::from(!all.apps.iter().all(sound)))
}
