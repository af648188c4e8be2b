//! A hold as found on the disk.

use super::{Failed, Hold, Until};
use crate::text::unit_name;
use serde::Serialize;

/// The kind of owner that holds the gates closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An operator, by `agent close`.
    Operator,
    /// A unit that has stopped, by `agent close --owner`.
    Unit,
    /// An operator, by `agent maintenance on`: users meet the page.
    Maintenance,
    /// The agent itself, after a failed restart or upgrade.
    Agent,
    /// The file of the hold can't be read.
    Unknown,
}

/// A hold as found on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A hold that can be read.
    By(Hold),
    /// A hold that can't be read. It counts as a hold.
    Unknown,
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

    /// Half an upgrade may be there, so an operator must look at the app before it has users.
    pub fn is_after_half_an_upgrade(&self) -> bool {
        let Held::By(hold) = self else { return false };
        matches!(
            hold.failure(),
            Some(Failed::Upgrade | Failed::UpgradeCutShort)
        )
    }

    /// Of a maintenance: the agent's own hold that it found.
    pub fn before(&self) -> Option<&Hold> {
        let Held::By(hold) = self else { return None };
        hold.before.as_deref().filter(|_| hold.is_of_maintenance())
    }

    /// A unit's, which opens them when it starts.
    pub fn is_a_units(&self) -> bool {
        self.by() == By::Unit
    }

    /// Users meet the page, until `agent maintenance off`.
    pub fn is_of_maintenance(&self) -> bool {
        self.by() == By::Maintenance
    }

    /// Users meet the page, or a hold that can't be read may say so.
    pub fn may_be_of_maintenance(&self) -> bool {
        *self == Held::Unknown || self.is_of_maintenance()
    }

    /// When a maintenance ends by itself, in seconds since 1970.
    pub fn maintenance_ends(&self) -> Option<u64> {
        let Held::By(hold) = self else { return None };
        let until = hold.end().filter(|_| hold.is_of_maintenance());
        until.map(Until::unix_seconds)
    }

    /// The operator's words.
    pub fn reason(&self) -> Option<&str> {
        let Held::By(hold) = self else { return None };
        hold.reason.as_deref()
    }

    /// The time of a maintenance is over. The sidecar then ends it.
    pub fn ends_maintenance(&self) -> bool {
        let Held::By(hold) = self else { return false };
        hold.is_of_maintenance() && hold.end().is_some_and(Until::is_over)
    }

    /// This owner has it.
    pub fn is_of(&self, owner: &str) -> bool {
        let is_it = |of: &String| unit_name(of) == unit_name(owner);
        matches!(self, Held::By(hold) if hold.owner.as_ref().is_some_and(is_it))
    }

    /// The kind of owner that holds the gates closed.
    pub fn by(&self) -> By {
        match self {
            Held::By(hold) if hold.owner.is_some() => By::Unit,
            Held::By(hold) if hold.is_of_maintenance() => By::Maintenance,
            Held::By(hold) if hold.is_an_operators() => By::Operator,
            Held::By(_) => By::Agent,
            Held::Unknown => By::Unknown,
        }
    }
}
