//! The lock that one operation on this host holds.

use crate::restart::Verb;
use crate::state;
use crate::trust::{self, Untrusted};
use nix::sys::stat::{major, minor};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Who does what, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The agent's process.
    pub pid: u32,
    /// What it was asked for.
    pub verb: Verb,
    /// For which app.
    pub app: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// The host's lock, held until dropped, also by a crash.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// The text goes first: nobody is to be told of a holder who has left.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another operation holds the lock: {0}")]
    Held(String),
    /// Others than root may write it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The state directory can't be used.
    #[error("{}", state::unusable(path, source))]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Holder {
    /// This process, now.
    pub fn new(verb: Verb, app: &str) -> Holder {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Holder {
            pid: std::process::id(),
            verb,
            app: app.to_owned(),
            since: since.as_secs(),
        }
    }

    /// Who, in one line.
    pub fn told(&self) -> String {
        let since = UNIX_EPOCH + Duration::from_secs(self.since);
        let (verb, app, pid) = (self.verb.word(), &self.app, self.pid);
        format!(
            "`agent {verb} {app}`, pid {pid}, since {}",
            humantime::format_rfc3339_seconds(since)
        )
    }
}

impl Lock {
    /// Takes the lock or says who has it. Makes the state directory if need be.
    pub fn take(state_dir: &Path, holder: &Holder) -> Result<Lock, LockError> {
        let path = state::lock(state_dir);
        let unusable = |path: &Path, source| LockError::Unusable {
            path: path.to_owned(),
            source,
        };
        state::trusted(state_dir, &holder.app)?;
        state::make(state_dir).map_err(|error| unusable(state_dir, error))?;
        // Below a sticky directory somebody else may have been faster.
        state::trusted(state_dir, &holder.app)?;
        // Readable for root alone: whoever can open it could hold it.
        let options = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut file = options.map_err(|error| unusable(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(held_by(&mut file))),
            Err(TryLockError::Error(error)) => return Err(unusable(&path, error)),
        }
        let told = holder.told();
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all(told.as_bytes()));
        written.map_err(|error| unusable(&path, error))?;
        Ok(Lock { file })
    }

    /// Who holds it now; None: nobody. Looks it up with the kernel: a lock taken only to
    /// see whether it is free could refuse somebody else's.
    pub fn holder(state_dir: &Path) -> Option<String> {
        let mut file = trust::open(&state::lock(state_dir)).ok()?;
        let meta = file.metadata().ok()?;
        let device = (major(meta.dev()), minor(meta.dev()));
        let locks = procfs::locks().ok()?;
        let ours = |lock: &procfs::Lock| {
            lock.inode == meta.ino() && (u64::from(lock.devmaj), u64::from(lock.devmin)) == device
        };
        locks.iter().any(ours).then(|| held_by(&mut file))
    }
}

/// Between taking the lock and saying so, its holder needs a moment.
const TO_SAY_SO: Duration = Duration::from_millis(200);

fn held_by(file: &mut File) -> String {
    let asked = Instant::now();
    loop {
        let mut told = String::new();
        let read = file.rewind().and_then(|()| file.read_to_string(&mut told));
        if read.is_ok() && !told.is_empty() {
            return told;
        }
        if asked.elapsed() > TO_SAY_SO {
            return "somebody who has not said who".to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_is_told_who_the_first_is() {
        let directory = tempfile::tempdir().unwrap();
        let state_dir = directory.path().join("new");
        let first = Lock::take(&state_dir, &Holder::new(Verb::Restart, "web")).unwrap();
        let second = Lock::take(&state_dir, &Holder::new(Verb::Close, "web"))
            .unwrap_err()
            .to_string();
        assert!(second.contains("`agent restart web`"), "{second}");
        assert!(
            second.contains(&format!("pid {}", std::process::id())),
            "{second}"
        );
        assert!(Lock::holder(&state_dir).is_some());
        drop(first);
        assert_eq!(Lock::holder(&state_dir), None);
        Lock::take(&state_dir, &Holder::new(Verb::Close, "web")).unwrap();
    }
}
