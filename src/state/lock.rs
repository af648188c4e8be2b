//! The locks of operations on this host, and the lock of its sidecar.

use crate::clock::{self, since_1970};
use crate::state::directory;
use crate::state::lock_file;
use crate::state::permissions::{self, Untrusted};
use nix::sys::stat::{major, minor};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The process that has a lock, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The agent's process.
    pub pid: u32,
    /// As on the command line: `agent restart web`.
    pub command: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// It needs the lock only for a moment, so another process waits for it.
    #[serde(default)]
    pub brief: bool,
}

/// A lock, held until dropped. A crash frees it, too.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Removes the text first, so that no reader sees an owner that has left.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Why the process did not get the lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it. None: it has not written its name.
    #[error("another operation is under way on this host: {}", describe(.0.as_ref()))]
    Held(Option<Owner>),
    /// Others than root may write it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The state directory can't be used.
    #[error("{}", directory::unusable("state_dir", path, source))]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Owner {
    /// This process, now.
    pub fn new(command: impl Into<String>) -> Owner {
        Owner {
            pid: std::process::id(),
            command: command.into(),
            since: since_1970().as_secs(),
            brief: false,
        }
    }

    /// The same process, which needs the lock only for a moment.
    pub fn brief(self) -> Owner {
        Owner {
            brief: true,
            ..self
        }
    }

    /// In one line.
    pub fn describe(&self) -> String {
        let since = clock::timestamp(self.since);
        format!("`{}`, pid {}, since {since}", self.command, self.pid)
    }
}

/// Describes the lock owner.
pub fn describe(owner: Option<&Owner>) -> String {
    owner.map_or("an unknown process".to_owned(), Owner::describe)
}

impl Lock {
    /// Takes the lock, one of [`directory`]'s, or names its owner. Makes its directory if need
    /// be.
    pub fn take(path: &Path, owner: &Owner) -> Result<Lock, LockError> {
        let directory = path.parent().unwrap_or(path);
        let unusable = |path: &Path, source| LockError::Unusable {
            path: path.to_owned(),
            source,
        };
        let trusted = || directory::trusted_in("state_dir", directory, &[path.to_owned()]);
        trusted()?;
        directory::make(directory).map_err(|error| unusable(directory, error))?;
        // In a sticky directory another user may have made the file in between.
        trusted()?;
        let mut file = lock_file::open(path).map_err(|error| unusable(path, error))?;
        let asked = Instant::now();
        while !lock_file::try_take(&file).map_err(|error| unusable(path, error))? {
            let other = said(&mut file);
            if other.is_some() || asked.elapsed() > TO_SAY_SO {
                return Err(LockError::Held(other));
            }
            std::thread::sleep(AGAIN);
        }
        // The text is only for readers. With a full disk the lock still works.
        let text = serde_json::json!(owner).to_string();
        let written = file.set_len(0);
        let _ = written.and_then(|()| file.write_all(text.as_bytes()));
        Ok(Lock { file })
    }

    /// The last owner, which may have been killed since. Costs nothing, unlike [`Lock::owner`].
    pub fn last_owner(path: &Path) -> Option<Owner> {
        said(&mut permissions::open(path).ok()?)
    }

    /// The owner now. None: the lock is free. Asks the kernel, because taking the lock to see
    /// whether it is free could refuse another process.
    pub fn owner(path: &Path) -> Option<Option<Owner>> {
        let mut file = permissions::open(path).ok()?;
        let asked = Instant::now();
        while is_held(&file)? {
            let owner = said(&mut file);
            if owner.is_some() || asked.elapsed() > TO_SAY_SO {
                return Some(owner);
            }
            std::thread::sleep(AGAIN);
        }
        None
    }
}

/// How long an owner may need between taking the lock and writing its name, and between removing
/// its name and freeing the lock.
const TO_SAY_SO: Duration = Duration::from_millis(200);

/// Between two looks in that moment.
const AGAIN: Duration = Duration::from_millis(5);

fn said(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn is_held(file: &File) -> Option<bool> {
    let meta = file.metadata().ok()?;
    let device = (major(meta.dev()), minor(meta.dev()));
    let ours = |lock: &procfs::Lock| {
        lock.inode == meta.ino() && (u64::from(lock.devmaj), u64::from(lock.devmin)) == device
    };
    Some(procfs::locks().ok()?.iter().any(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_lock_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory::lock(&directory.path().join("new"));
        let first = Lock::take(&path, &Owner::new("agent restart web")).unwrap();
        let second = Lock::take(&path, &Owner::new("agent close web"));
        let second = second.unwrap_err().to_string();
        assert!(second.contains("`agent restart web`"), "{second}");
        let pid = format!("pid {}", std::process::id());
        assert!(second.contains(&pid), "{second}");
        let owner = Lock::owner(&path).unwrap().unwrap();
        assert_eq!(
            (owner.command.as_str(), owner.brief),
            ("agent restart web", false)
        );
        drop(first);
        assert_eq!(Lock::owner(&path), None);
        let brief = Lock::take(&path, &Owner::new("agent run").brief()).unwrap();
        assert!(Lock::owner(&path).unwrap().unwrap().brief);
        drop(brief);
    }
}
