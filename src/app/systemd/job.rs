//! The jobs of systemd for a unit.

use std::fmt;

/// What systemd does with the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Job {
    /// Reload if the unit can, restart if it cannot, start if it is down.
    #[default]
    ReloadOrRestart,
    /// Stop and start; start if it is down.
    Restart,
    /// Reload; an error if the unit is down or cannot.
    Reload,
}

impl Job {
    /// Whether it restarts a unit that can reload, or one that can't.
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
