//! Prints the HAProxy backend that fits the agent's configuration, for a list of hosts. Pure.

mod fits;
mod health;
mod host;
mod layout;
mod line;
mod notices;
mod page;
mod readonly;
mod servers;
mod text;
mod transport;
mod wanted;
mod whole;

pub use host::Host;
pub use line::CookiePer;
pub use notices::notices;
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

#[cfg(test)]
mod tests;
