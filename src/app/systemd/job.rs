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
    /// Start; nothing if it runs.
    Start,
    /// Stop; nothing if it is down.
    Stop,
}

impl Job {
    /// Whether it stops and starts a unit that can reload, or one that can't.
    pub(super) fn restarts(self, can_reload: bool) -> bool {
        match self {
            Self::Restart => true,
            Self::ReloadOrRestart => !can_reload,
            Self::Reload | Self::Start | Self::Stop => false,
        }
    }

    /// What it does at most, in a word.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart | Self::ReloadOrRestart | Self::Reload => "restart",
        }
    }

    /// Whether it takes down a unit that can reload, or one that can't.
    pub(super) fn stops(self, can_reload: bool) -> bool {
        self == Self::Stop || self.restarts(can_reload)
    }
}

impl fmt::Display for Job {
    /// systemctl's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReloadOrRestart => "reload-or-restart",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Start => "start",
            Self::Stop => "stop",
        })
    }
}
