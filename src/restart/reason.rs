//! Why an operation does not begin, and whether the reason may pass by itself.

use std::fmt;

/// One reason against an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It may pass by itself: HAProxy may be reloading.
    Passing(String),
    /// It lasts until the operator fixes it.
    Lasting(String),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// HAProxy, the rules or the app: each reason with its fix.
    Preflight(Vec<Reason>),
    /// Too few other servers would be left.
    TooFewServers(Vec<Reason>),
}

impl Refusal {
    /// The next look may find no reason to refuse.
    pub fn may_pass(&self) -> bool {
        let (Refusal::Preflight(reasons) | Refusal::TooFewServers(reasons)) = self;
        reasons
            .iter()
            .all(|reason| matches!(reason, Reason::Passing(_)))
    }
}

impl From<String> for Reason {
    fn from(what: String) -> Reason {
        Reason::Lasting(what)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Reason::Passing(what) | Reason::Lasting(what)) = self;
        f.write_str(what)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refusal::Preflight(reasons) | Refusal::TooFewServers(reasons)) = self;
        let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
        f.write_str(&reasons.join("; "))
    }
}
