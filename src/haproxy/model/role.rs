//! The roles of our server lines.

/// The role of a server line, by the port that it checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Checks the status port; the gate takes it out of rotation.
    Main,
    /// The backup line of the two-stage layout: checks the backup status port, so it can
    /// be shed.
    Twin,
    /// The backup line of the classic layout: checks the app itself, and stays UP until the app
    /// stops.
    ClassicTwin,
}

impl Role {
    /// Its name in messages.
    pub fn word(self) -> &'static str {
        match self {
            Role::Main => "main",
            Role::Twin => "twin",
            Role::ClassicTwin => "classic twin",
        }
    }
}
