//! An operator's request that gates stay closed. `agent close` writes it beside the closed gates,
//! so that the agent does not take them for gates that a crash or a rule flush has closed. A hold
//! outlives a reboot, and may end by itself.

mod failed;
mod report;
mod second;

pub use failed::Failed;
pub use report::{By, HoldReport};
pub use second::{Closing, second};

use crate::clock::{self, boot, since_1970, uptime};
use crate::restart::Verb;
use crate::state::invocation::Invocation;
use crate::state::permissions;
use crate::state::{StateFile, directory};
use nix::unistd::AccessFlags;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::Duration;

/// A request that gates stay closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The operation that closed them.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// The user who asked for it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<str>>,
    /// The unit that closed them. None: an operator.
    #[serde(default)]
    pub owner: Option<String>,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it ends. None: when a command opens the gates.
    #[serde(default)]
    pub until: Option<Until>,
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
}

/// A moment to come. Before a reboot the time since the boot decides, because no user sets it.
/// After a reboot the wall clock decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// In seconds since 1970.
    at: u64,
    /// In seconds since the boot.
    uptime: u64,
    /// The boot in which it was set.
    boot: String,
}

/// A hold as found on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A hold that can be read.
    By(Hold),
    /// A hold that can't be read. It counts as a hold.
    Unknown,
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

    fn unix_seconds(&self) -> u64 {
        self.at
    }

    fn is_over(&self) -> bool {
        match self.boot == boot() {
            true => uptime() >= self.uptime,
            false => since_1970().as_secs() >= self.at,
        }
    }
}

impl Hold {
    /// An operator closed the gates, not a unit, and not the agent after a failure.
    fn is_an_operators(&self) -> bool {
        self.owner.is_none() && self.invocation.verb == Verb::Close
    }

    /// The hold that is there stays: a unit that stops does not replace the hold of an operator
    /// who closed the gates before.
    fn gives_way_to(&self, there: &Hold) -> bool {
        self.owner.is_some() && there.owner != self.owner && !there.is_over()
    }

    /// A unit's hold ends with the boot, too: all units begin anew.
    fn is_over(&self) -> bool {
        let of_another_boot = self.owner.is_some() && self.boot != boot();
        of_another_boot || self.end().is_some_and(Until::is_over)
    }

    fn describe(&self) -> String {
        // The process is long gone, but the user can be asked.
        let mut text = match &self.user {
            Some(user) => {
                let (command, since) = (
                    self.invocation.command(),
                    clock::timestamp(self.invocation.since),
                );
                format!("`{command}` by {user}, since {since}")
            }
            None => self.invocation.describe(),
        };
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

impl Held {
    /// The owner, the times and the reason, in words.
    pub fn describe(&self) -> String {
        match self {
            Held::By(hold) => hold.describe(),
            Held::Unknown => "a hold that can't be read".to_owned(),
        }
    }

    /// Its time is over.
    pub fn is_over(&self) -> bool {
        matches!(self, Held::By(hold) if hold.is_over())
    }

    /// An operator, or a unit that stopped, closed the gates on purpose. False: the agent closed
    /// them after a failed restart or upgrade.
    pub fn is_asked_for(&self) -> bool {
        self.by() != By::Agent
    }

    /// The agent's own, after a failed restart: the next restart fixes that.
    pub fn is_of_a_failed_restart(&self) -> bool {
        let failure = match self {
            Held::By(hold) if self.by() == By::Agent => hold.failure(),
            _ => None,
        };
        failure == Some(Failed::Restart)
    }

    /// A unit's, which opens them when it starts.
    pub fn is_a_units(&self) -> bool {
        self.by() == By::Unit
    }

    /// This owner has it.
    pub fn is_of(&self, owner: &str) -> bool {
        matches!(self, Held::By(hold) if hold.owner.as_deref() == Some(owner))
    }
}

/// Marks the app's gates as closed. Another owner's earlier hold stays.
pub fn set(hold_dir: &Path, hold: &Hold) -> io::Result<()> {
    let app = &hold.invocation.app;
    match find(hold_dir, app) {
        Some(Held::By(there)) if hold.gives_way_to(&there) => return Ok(()),
        Some(Held::Unknown) if hold.owner.is_some() => return Ok(()),
        _ => {}
    }
    let untrusted = |untrusted: permissions::Untrusted| io::Error::other(untrusted.to_string());
    permissions::check(hold_dir).map_err(untrusted)?;
    directory::make(hold_dir)?;
    StateFile::Hold.write(hold_dir, app, hold)
}

/// Marks the app's gates as closed until a command opens them. The agent does so after a failure.
/// An operator's hold keeps its reason, and no longer ends by itself.
pub fn until_opened(
    hold_dir: &Path,
    invocation: Invocation,
    why: String,
    failed: Failed,
) -> io::Result<()> {
    let there = match now(hold_dir, &invocation.app) {
        Some(Held::By(there)) if there.is_an_operators() => Some(there),
        _ => None,
    };
    let hold = match there {
        Some(there) => Hold {
            also: Some(why),
            failed: Some(failed),
            ..there
        },
        None => Hold {
            invocation,
            user: None,
            owner: None,
            reason: Some(why),
            until: None,
            boot: boot(),
            also: None,
            failed: Some(failed),
        },
    };
    set(hold_dir, &hold)
}

/// Removes an earlier failure from an operator's hold, which is then as the operator set it.
pub fn settled(hold_dir: &Path, app: &str) -> io::Result<()> {
    match find(hold_dir, app) {
        Some(Held::By(hold)) if hold.also.is_some() => {
            let hold = Hold {
                also: None,
                failed: None,
                ..hold
            };
            StateFile::Hold.write(hold_dir, app, &hold)
        }
        _ => Ok(()),
    }
}

/// Whether holds can be written and removed there.
pub fn may_change(hold_dir: &Path) -> io::Result<()> {
    directory::make(hold_dir)?;
    Ok(nix::unistd::access(hold_dir, AccessFlags::W_OK)?)
}

/// Marks the gates for as long as an upgrade runs, and returns the earlier hold. One that can't
/// be read stays: it holds the gates closed as well, and could not be restored.
pub fn during_upgrade(
    hold_dir: &Path,
    invocation: Invocation,
    why: String,
) -> io::Result<Option<Held>> {
    let before = find(hold_dir, &invocation.app);
    if before != Some(Held::Unknown) {
        until_opened(hold_dir, invocation, why, Failed::UpgradeCutShort)?;
    }
    Ok(before)
}

/// Restores the hold as [`during_upgrade`] found it, in one step for an operator's. In a moment
/// without a hold a crash would lose it, and the sidecar would open the gates.
pub fn as_before(hold_dir: &Path, app: &str, before: Option<&Held>) -> io::Result<()> {
    match before {
        None => lift(hold_dir, app),
        Some(Held::By(hold)) => StateFile::Hold.write(hold_dir, app, hold),
        Some(Held::Unknown) => Ok(()),
    }
}

/// The hold on the app's gates, also one that is over.
pub fn find(hold_dir: &Path, app: &str) -> Option<Held> {
    match StateFile::Hold.read(hold_dir, app) {
        Ok(hold) => hold.map(Held::By),
        Err(_) => Some(Held::Unknown),
    }
}

/// The hold on the app's gates that is in effect now.
pub fn now(hold_dir: &Path, app: &str) -> Option<Held> {
    find(hold_dir, app).filter(|held| !held.is_over())
}

/// Removes the hold: the gates are open again, or may be.
pub fn lift(hold_dir: &Path, app: &str) -> io::Result<()> {
    StateFile::Hold.remove(hold_dir, app)
}

#[cfg(test)]
mod tests;
