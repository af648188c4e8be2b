//! The lock that one operation on this host holds, and the journal of where it is. Both
//! live in the state directory; the journal is written before a phase is acted on.

use crate::restart::{Phase, Verb};
use atomic_write_file::AtomicWriteFile;
use nix::sys::stat::{major, minor};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

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
    /// The state directory can't be used.
    #[error("{}: {source}; mend [agent] state_dir", path.display())]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// One app's journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    entry: Entry,
}

/// What the journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose operation it is.
    #[serde(flatten)]
    pub holder: Holder,
    /// The phase it was about to act on.
    pub phase: Phase,
    /// Whether each of the app's gates stood open before the operation.
    pub found_open: Vec<bool>,
    /// The app's instance before its restart; after a crash it tells whether that happened.
    pub instance: Option<String>,
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

    fn told(&self) -> String {
        let since = UNIX_EPOCH + std::time::Duration::from_secs(self.since);
        let (verb, app, pid) = (self.verb.word(), &self.app, self.pid);
        format!(
            "`agent {verb} {app}`, pid {pid}, since {}",
            humantime::format_rfc3339_seconds(since)
        )
    }
}

impl Entry {
    /// What to tell of an operation that died.
    pub fn cut_short(&self) -> String {
        let Holder { pid, verb, .. } = self.holder;
        let (verb, phase) = (verb.word(), self.phase.name());
        format!("an earlier {verb} (pid {pid}) was cut short in phase {phase}")
    }
}

impl Lock {
    /// Takes the lock or says who has it. Makes the state directory if need be.
    pub fn take(state_dir: &Path, holder: &Holder) -> Result<Lock, LockError> {
        let path = state_dir.join("lock");
        let unusable = |path: &Path, source| LockError::Unusable {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(state_dir).map_err(|error| unusable(state_dir, error))?;
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
        let mut file = File::open(state_dir.join("lock")).ok()?;
        let meta = file.metadata().ok()?;
        let device = (major(meta.dev()), minor(meta.dev()));
        let locks = procfs::locks().ok()?;
        let ours = |lock: &procfs::Lock| {
            lock.inode == meta.ino() && (u64::from(lock.devmaj), u64::from(lock.devmin)) == device
        };
        locks.iter().any(ours).then(|| held_by(&mut file))
    }
}

fn held_by(file: &mut File) -> String {
    let mut told = String::new();
    match file.read_to_string(&mut told) {
        Ok(_) if !told.is_empty() => told,
        _ => "somebody who has not said who".to_owned(),
    }
}

impl Journal {
    /// What an earlier operation on this app left behind by dying; None: nothing, or
    /// nothing that can be read (the kernel and HAProxy are believed over it anyway).
    pub fn left_behind(state_dir: &Path, app: &str) -> Option<Entry> {
        let text = fs::read_to_string(path(state_dir, app)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Begins the journal of an operation, before its first phase is acted on.
    pub fn begin(state_dir: &Path, entry: Entry) -> io::Result<Journal> {
        let journal = Journal {
            path: path(state_dir, &entry.holder.app),
            entry,
        };
        journal.write()?;
        Ok(journal)
    }

    /// Records that a phase is about to be acted on.
    pub fn enter(&mut self, phase: &Phase, instance: Option<String>) -> io::Result<()> {
        self.entry.phase = phase.clone();
        self.entry.instance = instance.or_else(|| self.entry.instance.take());
        self.write()
    }

    /// The operation has ended, and said how it left the host.
    pub fn end(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn write(&self) -> io::Result<()> {
        let mut file = AtomicWriteFile::open(&self.path)?;
        serde_json::to_writer(&mut file, &self.entry)?;
        file.commit()
    }
}

/// Which gates stood open before anybody touched them. An operation that was cut short
/// before the app was touched had found them otherwise than they are `now`; after that the
/// kernel is believed, since nobody knows whether the app is well.
pub fn found_open(now: Vec<bool>, left_behind: Option<Entry>) -> Vec<bool> {
    let closed_them =
        |entry: &Entry| entry.holder.verb != Verb::Open && entry.phase.is_before_restart();
    let before = left_behind
        .filter(closed_them)
        .map_or_else(Vec::new, |entry| entry.found_open);
    let gates = now.into_iter().enumerate();
    gates
        .map(|(at, open)| open || before.get(at) == Some(&true))
        .collect()
}

fn path(state_dir: &Path, app: &str) -> PathBuf {
    state_dir.join(format!("{app}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(phase: Phase) -> Entry {
        let holder = Holder::new(Verb::Restart, "web");
        Entry {
            holder,
            phase,
            found_open: vec![true, false],
            instance: None,
        }
    }

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

    #[test]
    fn putting_back_means_how_it_was_before_the_one_that_died() {
        let died = |verb, phase| {
            let mut entry = entry(phase);
            entry.holder.verb = verb;
            Some(Entry {
                found_open: vec![true, true],
                ..entry
            })
        };
        let now = || vec![false, false];
        assert_eq!(found_open(now(), None), [false, false]);
        assert_eq!(
            found_open(now(), died(Verb::Restart, Phase::Drain { zeros: 0 })),
            [true, true]
        );
        assert_eq!(
            found_open(now(), died(Verb::Close, Phase::Close)),
            [true, true]
        );
        assert_eq!(
            found_open(now(), died(Verb::Restart, Phase::Restart)),
            [false, false]
        );
        assert_eq!(
            found_open(now(), died(Verb::Open, Phase::Open)),
            [false, false]
        );
        assert_eq!(found_open(vec![true, false], None), [true, false]);
    }

    #[test]
    fn the_journal_is_there_until_the_end_and_torn_ones_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(directory.path(), entry(Phase::Close)).unwrap();
        journal
            .enter(&Phase::Restart, Some("pid 7 since 9".to_owned()))
            .unwrap();
        journal.enter(&Phase::Healthy { streak: 0 }, None).unwrap();
        let left = Journal::left_behind(directory.path(), "web").unwrap();
        assert_eq!(
            (left.phase, left.found_open),
            (Phase::Healthy { streak: 0 }, vec![true, false])
        );
        assert_eq!(left.instance.as_deref(), Some("pid 7 since 9"));
        journal.end().unwrap();
        assert_eq!(Journal::left_behind(directory.path(), "web"), None);
        fs::write(directory.path().join("web.json"), "{\"pid\": 1").unwrap();
        assert_eq!(Journal::left_behind(directory.path(), "web"), None);
    }
}
