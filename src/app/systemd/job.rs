//! What systemd is asked to do with a unit.

use std::fmt;

/// What systemd is asked to do with the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Job {
    /// Reload where the unit can, restart where it cannot, start where it is down.
    #[default]
    ReloadOrRestart,
    /// Stop and start; start where it is down.
    Restart,
    /// Reload; an error where the unit is down or cannot.
    Reload,
}

impl Job {
    /// Whether it restarts a unit that can be reloaded, or can't be.
    pub(super) fn restarts(self, can_reload: bool) -> bool {
        match self {
            Self::Restart => true,
            Self::ReloadOrRestart => !can_reload,
            Self::Reload => false,
        }
    }
}

impl fmt::Display for Job {
    /// systemctl's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReloadOrRestart => "reload-or-restart",
            Self::Restart => "restart",
            Self::Reload => "reload",
        })
    }
}
