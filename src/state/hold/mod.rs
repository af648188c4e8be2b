//! What an operator asked to stay: `agent close` leaves a mark beside the closed gates, so
//! that nobody takes them for ones that a crash or a flush has closed. It outlives a reboot,
//! and may end by itself.

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

/// Closed gates that somebody wants closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The operation that closed them.
    #[serde(flatten)]
    pub holder: Invocation,
    /// Which user asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<str>>,
    /// For whom; None: an operator.
    #[serde(default)]
    pub owner: Option<String>,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// Until when; None: until somebody opens them.
    #[serde(default)]
    pub until: Option<Until>,
    /// Which boot that was.
    #[serde(default)]
    pub boot: String,
    /// What the agent adds to an operator's hold: an upgrade or a restart that failed since. The
    /// hold does not end by itself then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// What failed, where the agent itself holds the gates closed after that, or has added that to
    /// an operator's hold. Older agents did not write it.
    #[serde(flatten, with = "failed")]
    pub failed: Option<Failed>,
}

/// A moment to come. By the clock that runs since the boot, which nobody sets; after a
/// reboot by the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// In seconds since 1970.
    at: u64,
    /// In seconds since the boot.
    uptime: u64,
    /// Which boot that was.
    boot: String,
}

/// What is found of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// This one.
    By(Hold),
    /// One that can't be read; it is one all the same.
    Unknown,
}

impl Until {
    /// So long from now.
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
    /// An operator closed the gates, and not a unit, nor the agent after a failure.
    fn is_an_operators(&self) -> bool {
        self.owner.is_none() && self.holder.verb == Verb::Close
    }

    /// The one that is there already counts: a unit that stops takes nothing from the
    /// operator who closed the gates before.
    fn gives_way_to(&self, there: &Hold) -> bool {
        self.owner.is_some() && there.owner != self.owner && !there.is_over()
    }

    /// A unit's ends with the boot, too: whatever it stopped for begins anew.
    fn is_over(&self) -> bool {
        let of_another_boot = self.owner.is_some() && self.boot != boot();
        of_another_boot || self.end().is_some_and(Until::is_over)
    }

    fn told(&self) -> String {
        // The process is long gone; the user can be asked.
        let mut told = match &self.user {
            Some(user) => {
                let (command, since) = (self.holder.command(), clock::told(self.holder.since));
                format!("`{command}` by {user}, since {since}")
            }
            None => self.holder.told(),
        };
        if let Some(owner) = &self.owner {
            told += &format!(", for {owner}");
        }
        if let Some(until) = self.end() {
            told += &format!(", until {}", clock::told(until.at));
        }
        let reasons: Vec<&str> = [&self.reason, &self.also]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        if !reasons.is_empty() {
            told += &format!(": {}", reasons.join("; then "));
        }
        told
    }
}

impl Held {
    /// Whose, since and until when, and why; in words.
    pub fn told(&self) -> String {
        match self {
            Held::By(hold) => hold.told(),
            Held::Unknown => "a hold that can't be read".to_owned(),
        }
    }

    /// Its time is over.
    pub fn is_over(&self) -> bool {
        matches!(self, Held::By(hold) if hold.is_over())
    }

    /// Somebody closed the gates on purpose: an operator, or a unit that stopped. False: the
    /// agent did, after a restart or an upgrade that failed.
    pub fn is_asked_for(&self) -> bool {
        self.by() != By::Agent
    }

    /// The agent's own, after a restart that failed: the next restart heals that.
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

    /// It is this owner's.
    pub fn is_of(&self, owner: &str) -> bool {
        matches!(self, Held::By(hold) if hold.owner.as_deref() == Some(owner))
    }
}

/// Marks the app's gates as closed; where another owner has done so already, that stays.
pub fn set(hold_dir: &Path, hold: &Hold) -> io::Result<()> {
    let app = &hold.holder.app;
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

/// Marks the app's gates as closed until somebody opens them: what the agent does after a
/// failure. An operator's hold keeps its reason, and does not end by itself any more.
pub fn until_opened(
    hold_dir: &Path,
    holder: Invocation,
    why: String,
    failed: Failed,
) -> io::Result<()> {
    let there = match now(hold_dir, &holder.app) {
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
            holder,
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

/// What failed before is over: an operator's hold is as he wanted it.
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

/// Whether marks can be made and taken away there.
pub fn may_change(hold_dir: &Path) -> io::Result<()> {
    directory::make(hold_dir)?;
    Ok(nix::unistd::access(hold_dir, AccessFlags::W_OK)?)
}

/// Marks the gates for as long as an upgrade runs. Returns the hold of before. One that can't be
/// read stays as it is: the gates are held closed with it as well, and it could not be restored.
pub fn during_upgrade(
    hold_dir: &Path,
    holder: Invocation,
    why: String,
) -> io::Result<Option<Held>> {
    let before = find(hold_dir, &holder.app);
    if before != Some(Held::Unknown) {
        until_opened(hold_dir, holder, why, Failed::UpgradeCutShort)?;
    }
    Ok(before)
}

/// The hold is as [`during_upgrade`] found it. An operator's is written over the file in one step:
/// there is no moment without a hold, in which a crash would lose it and the sidecar open the gates.
pub fn as_before(hold_dir: &Path, app: &str, before: Option<&Held>) -> io::Result<()> {
    match before {
        None => lift(hold_dir, app),
        Some(Held::By(hold)) => StateFile::Hold.write(hold_dir, app, hold),
        Some(Held::Unknown) => Ok(()),
    }
}

/// Who closed the app's gates and wants them so, or wanted so until a while ago.
pub fn find(hold_dir: &Path, app: &str) -> Option<Held> {
    match StateFile::Hold.read(hold_dir, app) {
        Ok(hold) => hold.map(Held::By),
        Err(_) => Some(Held::Unknown),
    }
}

/// Who wants the app's gates closed now.
pub fn now(hold_dir: &Path, app: &str) -> Option<Held> {
    find(hold_dir, app).filter(|held| !held.is_over())
}

/// The gates are open again, or may be.
pub fn lift(hold_dir: &Path, app: &str) -> io::Result<()> {
    StateFile::Hold.remove(hold_dir, app)
}

#[cfg(test)]
mod tests;
