//! How a health check ended: HAProxy's own words (`check_status` of `show stat`, HAProxy's
//! management guide 9.1; `src/check.c`).

use std::fmt;

/// The last check of one server line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(into = "String")]
pub struct CheckStatus {
    word: String,
    under_way: bool,
}

/// The words for a check without an answer. It was refused or lost on the way (L4), a proxy in
/// between broke it off, or an external check failed, which says no more.
const UNANSWERED: [&str; 7] = [
    "L4CON", "L4TOUT", "L6RSP", "L7RSP", "SOCKERR", "PROCERR", "PROCTOUT",
];

impl CheckStatus {
    /// The column's text; `* L4CON` while the next check is under way.
    pub fn parse(text: &str) -> CheckStatus {
        let ended = text.strip_prefix("* ");
        CheckStatus {
            word: ended.unwrap_or(text).to_owned(),
            under_way: ended.is_some(),
        }
    }

    /// The next check is under way. It may have begun before the gate closed, and pass. Checks
    /// that end by a time limit, and programs, are under way most of the time: for them it means
    /// nothing.
    pub fn may_pass_yet(&self) -> bool {
        self.under_way && !["L4TOUT", "PROCERR", "PROCTOUT"].contains(&self.word.as_str())
    }

    /// It got the expected answer.
    pub fn passed(&self) -> bool {
        ["L4OK", "L6OK", "L7OK", "L7OKC", "PROCOK"].contains(&self.word.as_str())
    }

    /// It failed as a check at a closed gate does. `L7STS` is the answer of a sick app, so the
    /// gate was open. `INI` and `UNK` are no checks yet, and `HANA` comes from traffic.
    pub fn met_a_closed_gate(&self) -> bool {
        UNANSWERED.contains(&self.word.as_str())
    }

    /// A command of HAProxy's host did the check: `external-check`.
    pub fn is_of_a_command(&self) -> bool {
        self.word.starts_with("PROC")
    }

    /// The word.
    pub fn word(&self) -> &str {
        &self.word
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

impl From<CheckStatus> for String {
    fn from(status: CheckStatus) -> String {
        status.word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_check_without_an_answer_met_a_closed_gate() {
        let closed = |text: &str| CheckStatus::parse(text).met_a_closed_gate();
        for text in ["L4CON", "* L4CON", "L4TOUT", "L7RSP", "L6RSP", "PROCERR"] {
            assert!(closed(text), "{text}");
        }
        for text in [
            "L7OK", "L4OK", "L7STS", "L7TOUT", "L6TOUT", "HANA", "INI", "UNK", "",
        ] {
            assert!(!closed(text), "{text}");
        }
    }
}
