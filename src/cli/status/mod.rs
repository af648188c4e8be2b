//! `agent status`: prints what the kernel, HAProxy and the app show now, and the holds and
//! operations of the state directory.

mod closed;
mod frame;
mod look;
mod model;
mod observation;
mod owners;
mod text;
mod watch;

pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use look::Looks;
use model::AppStatus;

/// Prints the status. The exit code is 1 if there is trouble, a balancer does not answer, or an
/// app is not healthy.
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
