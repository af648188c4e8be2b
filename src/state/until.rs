//! When a hold, or what an operator has declared, ends by itself.

use crate::clock::{boot, since_1970, uptime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment to come. Before a reboot the time since the boot decides, because no user sets it.
/// After a reboot the wall clock decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// In seconds since 1970.
    pub(in crate::state) at: u64,
    /// In seconds since the boot.
    uptime: u64,
    /// The boot in which it was set.
    pub(in crate::state) boot: String,
}

impl Until {
    /// This much later than now.
    pub fn after(lasts: Duration) -> Until {
        Until {
            at: since_1970().as_secs().saturating_add(lasts.as_secs()),
            uptime: uptime().saturating_add(lasts.as_secs()),
            boot: boot(),
        }
    }

    pub(in crate::state) fn unix_seconds(&self) -> u64 {
        self.at
    }

    pub(in crate::state) fn is_over(&self) -> bool {
        match self.boot == boot() {
            true => uptime() >= self.uptime,
            false => since_1970().as_secs() >= self.at,
        }
    }
}
