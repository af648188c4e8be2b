//! What an operator has declared for an app: maintenance, or that it is read-only. The record is
//! beside the holds and outlives a reboot. The sidecar keeps the gates as it says.

use super::until::Until;
use super::{StateFile, directory};
use crate::clock::{since_1970, timestamp};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::Duration;

/// What can be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Users meet the page.
    Maintenance,
    /// HAProxy refuses writes.
    Readonly,
}

/// The record of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Since when.
    pub since_unix_s: u64,
    /// The user who asked for it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the sidecar ends it. None: when an operator does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
}

impl Declared {
    /// From now on, for so long. None: until an operator ends it.
    pub fn now(user: Option<String>, reason: Option<String>, lasts: Option<Duration>) -> Declared {
        Declared {
            since_unix_s: since_1970().as_secs(),
            user,
            reason,
            until: lasts.map(Until::after),
        }
    }

    /// Its time is over.
    pub fn is_over(&self) -> bool {
        self.until.as_ref().is_some_and(Until::is_over)
    }

    /// When it ends, in seconds since 1970.
    pub fn until_unix_s(&self) -> Option<u64> {
        self.until.as_ref().map(Until::unix_seconds)
    }

    /// `since 2026-11-30T10:00:00Z by alice, until 2026-11-30T11:00:00Z: the database moves`.
    pub fn describe(&self) -> String {
        let mut text = format!("since {}", timestamp(self.since_unix_s));
        if let Some(user) = &self.user {
            text += &format!(" by {user}");
        }
        if let Some(until) = self.until_unix_s() {
            text += &format!(", until {}", timestamp(until));
        }
        if let Some(reason) = &self.reason {
            text += &format!(": {reason}");
        }
        text
    }
}

impl Kind {
    fn file(self) -> StateFile {
        match self {
            Kind::Maintenance => StateFile::Maintenance,
            Kind::Readonly => StateFile::Readonly,
        }
    }

    /// Reads the record. None: it is off.
    ///
    /// # Errors
    ///
    /// It can't be read, others than root may write it, or it is torn, with the fix. That is never
    /// "off": the sidecar would open gates.
    pub fn find(self, hold_dir: &Path, app: &str) -> io::Result<Option<Declared>> {
        let unreadable = |error: io::Error| {
            let file = self.file().path(hold_dir, app);
            let what = format!("{}: {error}: fix or remove it", file.display());
            io::Error::new(error.kind(), what)
        };
        self.file().read(hold_dir, app).map_err(unreadable)
    }

    /// Writes the record, all of it or nothing, to the disk.
    pub fn set(self, hold_dir: &Path, app: &str, declared: &Declared) -> io::Result<()> {
        directory::make_trusted("hold_dir", hold_dir)?;
        self.file().write(hold_dir, app, declared)
    }

    /// Removes the record. A missing one is fine.
    pub fn end(self, hold_dir: &Path, app: &str) -> io::Result<()> {
        self.file().remove(hold_dir, app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_record_is_found_as_it_was_written_until_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let (kind, other) = (Kind::Maintenance, Kind::Readonly);
        assert_eq!(kind.find(directory, "web").unwrap(), None);
        let user = Some("alice".to_owned());
        let declared = Declared::now(user, Some("the database moves".to_owned()), None);
        kind.set(directory, "web", &declared).unwrap();
        assert_eq!(kind.find(directory, "web").unwrap(), Some(declared.clone()));
        assert_eq!(other.find(directory, "web").unwrap(), None);
        let text = declared.describe();
        assert!(text.ends_with("Z by alice: the database moves"), "{text}");
        kind.end(directory, "web").unwrap();
        kind.end(directory, "web").unwrap();
        assert_eq!(kind.find(directory, "web").unwrap(), None);
    }

    #[test]
    fn its_time_ends() {
        let lasting = |seconds| Declared::now(None, None, Some(Duration::from_secs(seconds)));
        assert!(lasting(0).is_over());
        assert!(!lasting(600).is_over());
        assert!(!Declared::now(None, None, None).is_over());
        assert!(lasting(600).describe().contains(", until "));
    }

    /// A record that can't be read is no missing one.
    #[test]
    fn a_torn_record_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        for torn in ["", "{", "{}", "[]"] {
            fs::write(directory.join("web.maintenance"), torn).unwrap();
            let why = Kind::Maintenance.find(directory, "web").unwrap_err();
            assert!(why.to_string().contains("fix or remove it"), "{why}");
        }
    }
}
