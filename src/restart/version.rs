//! The version of the app that must come up, by what the operation has done to it.

use super::Phase;
use serde::{Deserialize, Serialize};

/// The version of the app that must come up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// The installed one: nothing was upgraded.
    #[default]
    Same,
    /// The upgraded one.
    New,
    /// The upgraded one, of an operation that died. The next operation does not roll it back,
    /// because the first one may have begun to.
    Inherited,
    /// The upgraded one, which serves users and is sick: why. It is to be rolled back.
    Sick(String),
    /// The old one: why the upgrade was rolled back.
    Old(String),
}

impl Version {
    /// The version after this phase has begun.
    pub fn at(&self, phase: &Phase) -> Version {
        match phase {
            Phase::Upgrade => Version::New,
            Phase::Sick(why) => Version::Sick(why.clone()),
            Phase::Rollback(why) => Version::Old(why.clone()),
            _ => self.clone(),
        }
    }

    /// The version for an operation that finishes an interrupted one.
    pub fn inherited(&self) -> Version {
        match self {
            Version::New | Version::Sick(_) => Version::Inherited,
            other => other.clone(),
        }
    }
}
