//! The backend that fits the agent's configuration, for a list of hosts: HAProxy's side of
//! the pattern, as text. Pure.

mod fits;
mod health;
mod host;
mod text;
mod transport;
mod wanted;

pub use host::Host;
pub use transport::Transport;
pub use wanted::{Layout, Wanted};

use crate::config::Settings;

/// The text. Err: one line on what does not fit, with the mend.
pub fn print(settings: &Settings, wanted: &Wanted<'_>) -> Result<String, String> {
    let plan = fits::plan(settings, wanted)?;
    Ok(match wanted.whole {
        true => plan.whole(),
        false => plan.section(),
    })
}

#[cfg(test)]
mod tests;
