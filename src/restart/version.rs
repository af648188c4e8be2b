//! Which version of the app is to come up: what the operation has done to it so far.

use super::Phase;
use serde::{Deserialize, Serialize};

/// Which version of the app is to come up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// The one that is there: nothing was upgraded.
    #[default]
    Same,
    /// The upgrade's.
    New,
    /// The upgrade's, of an operation that died. Who finishes it rolls nothing back: that one
    /// may have begun to.
    Inherited,
    /// The one of before: why the upgrade was rolled back.
    Old(String),
}

impl Version {
    /// After this phase has been entered.
    pub fn at(&self, phase: &Phase) -> Version {
        match phase {
            Phase::Upgrade => Version::New,
            Phase::Rollback(why) => Version::Old(why.clone()),
            _ => self.clone(),
        }
    }

    /// For who finishes what an operation began that died.
    pub fn inherited(&self) -> Version {
        match self {
            Version::New => Version::Inherited,
            other => other.clone(),
        }
    }
}
