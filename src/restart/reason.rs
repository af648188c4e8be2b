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

    /// Each reason once.
    pub fn reasons(&self) -> Vec<String> {
        let (Refusal::Preflight(reasons) | Refusal::TooFewServers(reasons)) = self;
        let mut each: Vec<String> = Vec::new();
        for reason in reasons.iter().map(Reason::to_string) {
            if !each.contains(&reason) {
                each.push(reason);
            }
        }
        each
    }
}

impl Reason {
    /// The same, with a begin.
    pub fn beginning(self, begin: &str) -> Reason {
        match self {
            Reason::Passing(what) => Reason::Passing(format!("{begin}{what}")),
            Reason::Lasting(what) => Reason::Lasting(format!("{begin}{what}")),
        }
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
        f.write_str(&self.reasons().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_said_once() {
        let reasons = ["a", "b", "a"].map(|what| Reason::Lasting(what.to_owned()));
        let refusal = Refusal::Preflight(reasons.to_vec());
        assert_eq!(refusal.reasons(), ["a", "b"]);
        assert_eq!(refusal.to_string(), "a; b");
    }
}
