//! The request that gates stay closed.

use super::{Failed, Until, failed};
use crate::clock::{self, boot};
use crate::restart::Verb;
use crate::state::invocation::Invocation;
use crate::text::unit_name;
use serde::{Deserialize, Serialize};

/// A request that gates stay closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The operation that closed them.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// The operator who asked for it, if known. In the agent's own hold the caller of the operation
    /// that failed: a user, a unit, `sidecar` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<str>>,
    /// The id of the operation in the history, if the agent itself holds the gates closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Box<str>>,
    /// The unit that closed them. None: an operator.
    #[serde(default)]
    pub owner: Option<String>,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it ends. None: when a command opens the gates.
    #[serde(default)]
    pub until: Option<Box<Until>>,
    /// The boot in which it began.
    #[serde(default)]
    pub boot: String,
    /// What the agent adds to an operator's hold: a later upgrade or restart that failed. The
    /// hold then does not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// What failed, if the agent itself holds the gates closed after that, or has added the
    /// failure to an operator's hold. Older agents did not write it.
    #[serde(flatten, with = "failed")]
    pub failed: Option<Failed>,
    /// Of a maintenance: the agent's own hold that it found. Its end returns to that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Hold>>,
}

impl Hold {
    /// An operator closed the gates, not a unit, and not the agent after a failure.
    pub(super) fn is_an_operators(&self) -> bool {
        self.owner.is_none() && matches!(self.invocation.verb, Verb::Close | Verb::MaintenanceOn)
    }

    /// Users meet the page meanwhile.
    pub fn is_of_maintenance(&self) -> bool {
        self.invocation.verb == Verb::MaintenanceOn
    }

    /// The hold that is there stays: a unit that stops does not replace the hold of an operator
    /// who closed the gates before.
    pub(super) fn gives_way_to(&self, there: &Hold) -> bool {
        let [ours, other] = [self, there].map(|hold| hold.owner.as_deref().map(unit_name));
        ours.is_some() && other != ours && !there.is_over()
    }

    /// A unit's hold ends with the boot, too: all units begin anew.
    ///
    /// The end of a maintenance is an operation of its own.
    pub(super) fn is_over(&self) -> bool {
        if self.is_of_maintenance() {
            return false;
        }
        let of_another_boot = self.owner.is_some() && self.boot != boot();
        of_another_boot || self.end().is_some_and(Until::is_over)
    }

    pub(super) fn describe(&self) -> String {
        // The process is long gone, but the user can be asked.
        let mut text = format!("`{}`", self.invocation.command());
        text += &self
            .user
            .as_ref()
            .map_or_else(String::new, |user| format!(" by {user}"));
        let id = self.operation.as_ref();
        text += &id.map_or_else(String::new, |id| format!(" ({id})"));
        text += &format!(", since {}", clock::timestamp(self.invocation.since));
        if let Some(owner) = &self.owner {
            text += &format!(", for {owner}");
        }
        if let Some(until) = self.end() {
            text += &format!(", until {}", clock::timestamp(until.at));
        }
        let reasons: Vec<&str> = [&self.reason, &self.also]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        if !reasons.is_empty() {
            text += &format!(": {}", reasons.join("; then "));
        }
        text
    }
}
