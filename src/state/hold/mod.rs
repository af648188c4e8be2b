//! An operator's request that gates stay closed. `agent close` writes it beside the closed gates,
//! so that the agent does not take them for gates that a crash or a rule flush has closed. A hold
//! outlives a reboot, and may end by itself.

mod failed;
mod failure;
mod file;
mod held;
mod in_maintenance;
mod report;
mod request;
mod second;

pub use crate::state::until::Until;
pub use failed::Failed;
pub use failure::Failure;
pub use file::{
    as_before, during_upgrade, find, lift, may_change, now, set, settled, until_opened,
};
pub use held::{By, Held};
pub use in_maintenance::in_maintenance;
pub use report::HoldReport;
pub use request::Hold;
pub use second::{Closing, second};

#[cfg(test)]
mod tests;
