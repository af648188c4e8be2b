//! What one check found.

use serde::Serialize;

/// How one point was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was seen to be right.
    Ok,
    /// Nothing has shown it yet, right or wrong.
    Unseen,
    /// It works, and may do harm.
    Warning,
    /// It does not work, or users will notice.
    Error,
}

/// One point of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Which part of the set-up: `host`, `gates`, `app`, `balancers`, `lines` or `file`.
    pub area: &'static str,
    /// The check's name, for machines: lower case with hyphens, `status-port`. It stays.
    pub check: &'static str,
    /// What was looked at: an app, a balancer, a line; empty for the host itself.
    pub of: String,
    /// How it was found.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub found: String,
    /// Why it matters, in one line; the same whatever was found.
    pub why: &'static str,
    /// The line to paste, or what to do; None for ok and unseen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}
