//! What an operator has declared for an app: that it is read-only. The record is beside the holds
//! and outlives a reboot. The sidecar keeps the gate of the marker as it says.

use super::until::Until;
use super::{StateFile, directory};
use crate::clock::{since_1970, timestamp};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::Duration;

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

/// The same as `--json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredReport {
    /// The user who asked for it, if known.
    pub user: Option<String>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// When it began.
    pub since_unix_seconds: u64,
    /// When the sidecar ends it. None: when an operator does.
    pub until_unix_seconds: Option<u64>,
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

    /// As data, with the names that a hold has.
    pub fn report(&self) -> DeclaredReport {
        DeclaredReport {
            user: self.user.clone(),
            reason: self.reason.clone(),
            since_unix_seconds: self.since_unix_s,
            until_unix_seconds: self.until_unix_s(),
        }
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

/// Reads the record. None: it is off.
///
/// # Errors
///
/// It can't be read, others than root may write it, or it is torn, with the fix. That is never "off".
pub fn find(hold_dir: &Path, app: &str) -> io::Result<Option<Declared>> {
    let unreadable = |error: io::Error| {
        let file = StateFile::Readonly.path(hold_dir, app);
        let what = format!("{}: {error}: fix or remove it", file.display());
        io::Error::new(error.kind(), what)
    };
    StateFile::Readonly.read(hold_dir, app).map_err(unreadable)
}

/// Writes the record, all of it or nothing, to the disk.
pub fn set(hold_dir: &Path, app: &str, declared: &Declared) -> io::Result<()> {
    directory::make_trusted("hold_dir", hold_dir)?;
    StateFile::Readonly.write(hold_dir, app, declared)
}

/// Removes the record. A missing one is fine.
pub fn end(hold_dir: &Path, app: &str) -> io::Result<()> {
    StateFile::Readonly.remove(hold_dir, app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_record_is_found_as_it_was_written_until_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(find(directory, "web").unwrap(), None);
        let user = Some("alice".to_owned());
        let declared = Declared::now(user, Some("the database moves".to_owned()), None);
        set(directory, "web", &declared).unwrap();
        assert_eq!(find(directory, "web").unwrap(), Some(declared.clone()));
        assert_eq!(find(directory, "api").unwrap(), None);
        let text = declared.describe();
        assert!(text.ends_with("Z by alice: the database moves"), "{text}");
        end(directory, "web").unwrap();
        end(directory, "web").unwrap();
        assert_eq!(find(directory, "web").unwrap(), None);
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
            fs::write(directory.join("web.readonly"), torn).unwrap();
            let why = find(directory, "web").unwrap_err();
            assert!(why.to_string().contains("fix or remove it"), "{why}");
        }
    }
}
