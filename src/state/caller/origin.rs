//! Where an operation comes from.

use super::CallerIds;
use crate::state::operation_id;
use serde::{Deserialize, Serialize};

/// An operation's id, caller and reason, as known when it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// Its id. Empty: an older agent gave none.
    pub id: String,
    /// The caller.
    pub caller: CallerIds,
    /// In the operator's words.
    pub reason: Option<String>,
}

impl Origin {
    /// The caller of this process asked for it.
    pub fn by_caller(owner: Option<&str>, reason: Option<&str>) -> Origin {
        Origin::by(CallerIds::of_this_process(owner), reason)
    }

    /// The sidecar asked for it.
    pub fn by_sidecar() -> Origin {
        Origin::by(CallerIds::sidecar(), None)
    }

    fn by(caller: CallerIds, reason: Option<&str>) -> Origin {
        Origin {
            id: operation_id::new(),
            caller,
            reason: reason.map(str::to_owned),
        }
    }
}
