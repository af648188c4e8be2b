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

/// What a check says that gets no answer: refused or lost on the way (L4), broken off before an
/// answer (a proxy between), or an external check's failure, which says no more.
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

    /// The next check is under way: it may have begun before the gate was closed, and pass. Where
    /// checks end by a time limit, or are programs, one is under way most of the time: that says
    /// nothing there.
    pub fn may_pass_yet(&self) -> bool {
        self.under_way && !["L4TOUT", "PROCERR", "PROCTOUT"].contains(&self.word.as_str())
    }

    /// It got the answer that it wants.
    pub fn passed(&self) -> bool {
        ["L4OK", "L6OK", "L7OK", "L7OKC", "PROCOK"].contains(&self.word.as_str())
    }

    /// It failed as a check fails at a closed gate. `L7STS` is the answer of a sick app, so the
    /// gate was open; `INI` and `UNK` are no checks yet; `HANA` came from traffic.
    pub fn met_a_closed_gate(&self) -> bool {
        UNANSWERED.contains(&self.word.as_str())
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
