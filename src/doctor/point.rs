//! What one check found.

use serde::Serialize;

/// How one point stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may bite.
    Warning,
    /// It does not work, or users will notice.
    Error,
}

/// One point of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The check's name, for machines: lower case with hyphens, `status-port`. It stays.
    pub check: &'static str,
    /// What was looked at: an app, a balancer, a line; empty for the host itself.
    pub of: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub found: String,
    /// Why it matters, in one line; the same whatever was found.
    pub why: &'static str,
    /// The line to paste, or what to do; None where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}
