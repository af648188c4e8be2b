//! What an operation is asked for: the verb, the app, and with which options.

use crate::config::{AppSettings, Settings};
use crate::restart::{Limits, Progress, Verb};
use std::path::Path;
use std::time::Duration;

/// What was asked for.
pub struct Operation<'a> {
    /// What.
    pub verb: Verb,
    /// The whole configuration.
    pub settings: &'a Settings,
    /// The app, with the limits to go by.
    pub app: &'a AppSettings,
    /// Change nothing, say what would be done.
    pub dry_run: bool,
    /// For whom and how long gates are closed.
    pub options: Options,
    /// The sidecar's: HAProxy is not asked before gates are opened, and nobody waits for UP.
    pub non_blocking: bool,
    /// The sidecar's: why the try before failed. The history has that once.
    pub again: Option<String>,
}

/// For whom, why and how long gates are closed; whose gates are opened; and how long this
/// host's turn is waited for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// None: an operator.
    pub owner: Option<String>,
    /// In the operator's words.
    pub reason: Option<String>,
    /// None: until somebody opens them.
    pub lasts: Option<Duration>,
    /// None: the configuration's, and refused where the preflight finds too few others.
    pub turn: Option<Duration>,
    /// What a restart does where the gates are held closed.
    pub on_hold: OnHold,
    /// A close takes the place of the hold that is there.
    pub replace: bool,
}

/// What a restart does where the gates are held closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnHold {
    /// Nothing: it is refused.
    #[default]
    Refuse,
    /// It opens them, and the hold ends.
    Reopen,
    /// It restarts the app and leaves them closed.
    StayClosed,
    /// Nothing, and that is well so, where an operator or a unit holds them. What the agent holds
    /// after a restart that failed is restarted; after an upgrade that failed it is refused.
    Skip,
}

/// Makes who is told how an operation on this app, within these limits, goes.
pub type MakeProgress<'a> = &'a dyn Fn(&AppSettings, &Limits) -> Box<dyn Progress>;

impl Operation<'_> {
    /// Whoever closes for a unit can't call its stop off: then nothing is put back.
    pub(super) fn effective_verb(&self) -> Verb {
        match (self.verb, &self.options.owner) {
            (Verb::Close, Some(_)) => Verb::Stop,
            (verb, _) => verb,
        }
    }

    /// The sidecar's end, where it may wait until enough others are left.
    pub(super) fn stops_in_turn(&self) -> bool {
        self.verb == Verb::Stop && self.options.turn.is_some()
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }

    pub(super) fn hold_dir(&self) -> &Path {
        &self.settings.agent.hold_dir
    }
}
