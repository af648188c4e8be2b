//! What a journal says, and what the next operation makes of it.

use crate::restart::switch::Switching;
use crate::restart::{PerGate, Phase, UnfinishedOperation, Version};
use crate::state::caller::Origin;
use crate::state::hold::Hold;
use crate::state::invocation::Invocation;
use crate::text::escape;
use serde::{Deserialize, Serialize};

/// What the journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// The phase it was about to act on.
    pub phase: Phase,
    /// Whether each of the app's gates was open before the operation.
    pub found_open: PerGate<bool>,
    /// The app's instance before its restart. After a crash it shows whether the restart
    /// happened.
    pub instance: Option<String>,
    /// It will restart the app, or finishes another operation's restart.
    #[serde(default)]
    pub restarting: bool,
    /// It finishes a restart that may have happened or not.
    #[serde(default)]
    pub unsure: bool,
    /// The gates are held closed, and it will leave them closed.
    #[serde(default)]
    pub stays_closed: bool,
    /// The version of the app that it will bring up.
    #[serde(default)]
    pub version: Version,
    /// Of a switch: its targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Targets>,
    /// The caller and the reason, for the history of an operation that was cut short.
    #[serde(default)]
    pub origin: Origin,
    /// The balancers that it left out, by name. Its recovery leaves them out, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_balancers: Vec<String>,
    /// It was not cut short. It has ended, and left this because it could not set its rules.
    #[serde(default)]
    pub ended: bool,
}

/// The targets of a switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// The old one.
    pub from: String,
    /// The new one.
    pub to: String,
    /// What the switch does.
    #[serde(flatten)]
    pub switching: Switching,
    /// How long the old target stays ready, in seconds.
    #[serde(default)]
    pub keep_s: u64,
    /// Of a way back: when the time of the new target, which was ready, ends if the users stay on the old
    /// one. Older agents did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_until_unix_s: Option<u64>,
    /// Of a maintenance: its hold. `off` has removed it once users go back to the app, and a recovery
    /// that brings them to the page again restores it. Older agents did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Box<Hold>>,
}

/// An operation that was killed, as the next one found it.
#[derive(Debug, Clone)]
pub struct CutShort {
    /// Its journal.
    pub entry: Entry,
    /// From its begin to what it wrote last, in seconds.
    pub lasted: f64,
    /// The command that found it.
    pub found: String,
}

impl Entry {
    /// The text for an operation that died, or that gave up its rules.
    pub fn cut_short(&self) -> String {
        let Invocation { pid, verb, .. } = self.invocation;
        let who = match self.origin.id.as_str() {
            // An older agent's: only its process is known.
            "" => format!("pid {pid}"),
            id => escape(&format!("{id}, by {}", self.origin.caller.named().brief())),
        };
        let (verb, phase) = (verb.word(), self.phase.name());
        let how = match self.ended {
            true => "gave up setting the rules",
            false => "was cut short",
        };
        format!("an earlier {verb} ({who}) {how} in phase {phase}")
    }

    /// It moves users from one target to another.
    pub fn is_of_a_switch(&self) -> bool {
        self.switch.is_some()
    }

    /// For the core. `restarted`: whether the app has been restarted since. None: unknown.
    pub fn unfinished(&self, restarted: Option<bool>) -> UnfinishedOperation {
        UnfinishedOperation {
            verb: self.invocation.verb,
            phase: self.phase.clone(),
            restarting: self.restarting,
            restarted,
            unsure: self.unsure,
            version: self.version.clone(),
            switch: self.switch.as_ref().map(|targets| targets.switching),
        }
    }

    /// It may have closed gates, and had not touched the app.
    fn was_closing(&self, restarted: Option<bool>) -> bool {
        let same = self.version == Version::Same;
        let untouched = self.phase == Phase::Restart && restarted == Some(false) && same;
        self.phase.is_before_restart() || untouched
    }
}

/// The gates that were open before the first change. An operation that was cut short before it
/// touched the app found them otherwise than they are `now`. Once the app was touched, its health
/// is unknown, and the kernel's state counts.
pub fn found_open(
    now: PerGate<bool>,
    earlier: Option<&Entry>,
    restarted: Option<bool>,
) -> PerGate<bool> {
    let closing = earlier.filter(|entry| entry.was_closing(restarted));
    let before = closing.map(|entry| entry.found_open).unwrap_or_default();
    PerGate {
        main: now.main || before.main,
        twin: now.twin.map(|open| open || before.twin == Some(true)),
    }
}
