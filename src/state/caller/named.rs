//! A caller as the history shows it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The caller, with names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// The sidecar, on its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sidecar: bool,
    /// The unit on whose behalf it was (`--owner`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The user: that of `sudo`, else that of the login, else that of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user of the process, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as: Option<String>,
    /// The terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// The address of the SSH client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<String>,
}

impl Caller {
    /// In one word.
    pub fn brief(&self) -> &str {
        match (self.sidecar, &self.unit, &self.user) {
            (true, _, _) => "sidecar",
            (false, Some(unit), _) => unit,
            (false, None, Some(user)) => user,
            (false, None, None) => "unknown",
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sidecar {
            return f.write_str("the sidecar (agent run)");
        }
        f.write_str(self.user.as_deref().unwrap_or("unknown user"))?;
        let hints = [
            ("as", &self.run_as),
            ("for", &self.unit),
            ("on", &self.tty),
            ("from", &self.ssh),
        ];
        let hints = hints
            .iter()
            .filter_map(|(word, hint)| Some((word, hint.as_ref()?)));
        hints
            .into_iter()
            .try_for_each(|(word, hint)| write!(f, " {word} {hint}"))
    }
}
