//! What failed, as the file of a hold has it: in words that older agents know.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Not;

/// What the agent itself holds the gates closed after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failed {
    /// The restart: the next one heals it.
    Restart,
    /// The upgrade or its rollback: an operator must look.
    Upgrade,
    /// The upgrade runs, or its agent died while it ran: then an operator must look.
    UpgradeCutShort,
}

/// Older agents know no other word than these, and take a hold with another for one that can't be
/// read, which they replace. So that an upgrade was cut short is a field beside it.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<Word>,
    #[serde(default, skip_serializing_if = "Not::not")]
    cut_short: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Restart,
    Upgrade,
    /// Of a later agent: an operator must look.
    #[serde(other, skip_serializing)]
    Other,
}

pub(super) fn serialize<S: Serializer>(failed: &Option<Failed>, to: S) -> Result<S::Ok, S::Error> {
    let word = |failed: &Failed| match failed {
        Failed::Restart => Word::Restart,
        Failed::Upgrade | Failed::UpgradeCutShort => Word::Upgrade,
    };
    let written = Written {
        failed: failed.as_ref().map(word),
        cut_short: *failed == Some(Failed::UpgradeCutShort),
    };
    written.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Failed>, D::Error> {
    let written = Written::deserialize(from)?;
    Ok(written.failed.map(|word| match (word, written.cut_short) {
        (Word::Restart, _) => Failed::Restart,
        (Word::Upgrade, false) => Failed::Upgrade,
        (Word::Upgrade, true) | (Word::Other, _) => Failed::UpgradeCutShort,
    }))
}
