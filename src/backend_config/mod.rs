//! Prints the HAProxy backend that fits the agent's configuration, for a list of hosts. Pure.

mod fits;
mod health;
mod host;
mod layout;
mod text;
mod transport;
mod wanted;
mod whole;

pub use host::Host;
pub use transport::Transport;
pub use wanted::{Layout, Wanted};

use crate::config::Settings;

/// Prints the text. Err: one line on what does not fit, with its fix.
pub fn print(settings: &Settings, wanted: &Wanted<'_>) -> Result<String, String> {
    let plan = fits::plan(settings, wanted)?;
    Ok(match wanted.whole {
        true => plan.whole(),
        false => plan.section(),
    })
}

/// What the agent's configuration has in vain beside this text. Err: as [`print()`].
pub fn notices(settings: &Settings, wanted: &Wanted<'_>) -> Result<Vec<String>, String> {
    let plan = fits::plan(settings, wanted)?;
    let mut notices: Vec<String> = Vec::new();
    let apps = plan.lines.iter().map(|line| line.app);
    let unchecked = apps
        .filter(|app| plan.layout != Layout::TwoStage && app.ports.backup_status_port.is_some());
    for app in unchecked {
        let notice = format!(
            "no line of the {} layout checks the backup_status_port of app.{}: take it out of agent.toml",
            plan.layout.word(),
            app.name
        );
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }
    Ok(notices)
}

#[cfg(test)]
mod tests;
