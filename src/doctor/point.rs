//! The result of one check.

use super::fix::Fix;
use serde::Serialize;

/// The verdict on one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was seen to be right.
    Ok,
    /// Nothing has shown it yet, right or wrong.
    Unseen,
    /// It works, but may do harm.
    Warning,
    /// It does not work, or users will notice.
    Error,
}

/// One point of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The part of the set-up: `host`, `gates`, `app`, `balancers`, `lines` or `file`.
    pub area: &'static str,
    /// The check's name for programs, in lower case with hyphens: `status-port`. It never changes.
    pub check: &'static str,
    /// The app, balancer or line that was checked. Empty for the host itself.
    pub of: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding in one line.
    pub found: String,
    /// Why it matters, in one line. It is the same for every finding.
    pub why: &'static str,
    /// The line to paste, or what to do. None for ok and unseen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}
