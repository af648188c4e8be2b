//! The state directory: what outlives a process. The agent writes each file as a whole or not at
//! all, and reads it only if root alone may write it.

use crate::state::permissions::{self, Untrusted};
use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The directory of lock and journal, unless `state_dir` names another.
pub const STATE_DIR: &str = "/run/haproxy-gate";

/// The directory of what must survive a reboot, unless `hold_dir` names another.
pub const HOLD_DIR: &str = "/var/lib/haproxy-gate";

/// A state file of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFile {
    /// The journal of an operation.
    Journal,
    /// An operator closed the gates, and wants them closed.
    Hold,
    /// The restart command's process.
    Command,
    /// The counters of its operations.
    Counters,
    /// The sidecar closed the gates when it stopped.
    Stopped,
    /// The current target.
    Target,
    /// HAProxy refuses writes.
    Readonly,
}

impl StateFile {
    /// Its file.
    pub fn path(self, state_dir: &Path, app: &str) -> PathBuf {
        state_dir.join(match self {
            StateFile::Journal => format!("{app}.json"),
            StateFile::Hold => format!("{app}.closed"),
            StateFile::Command => format!("{app}.command"),
            StateFile::Counters => format!("{app}.counters"),
            StateFile::Stopped => format!("{app}.stopped"),
            StateFile::Target => format!("{app}.target"),
            StateFile::Readonly => format!("{app}.readonly"),
        })
    }

    /// Any user may read the state of the host. A command may have a secret among its arguments.
    fn mode(self) -> u32 {
        match self {
            StateFile::Command => 0o600,
            _ => 0o644,
        }
    }

    /// Reads it. None: it is not there.
    ///
    /// # Errors
    ///
    /// It can't be read, others than root may write it, or it is torn.
    pub fn read<T: DeserializeOwned>(self, state_dir: &Path, app: &str) -> io::Result<Option<T>> {
        match permissions::read(&self.path(state_dir, app)) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(permissions::of_the_agent(error)),
        }
    }

    /// Writes it, all of it or nothing.
    pub fn write(self, state_dir: &Path, app: &str, value: &impl Serialize) -> io::Result<()> {
        // With any umask: the agent refuses to read a file that others may write.
        let mut options = AtomicWriteFile::options();
        // The owner is root. The unit's sandbox forbids every chown.
        let options = options
            .mode(self.mode())
            .preserve_mode(false)
            .preserve_owner(false);
        let mut file = options.open(self.path(state_dir, app))?;
        // A writer would get each word and each comma by itself.
        file.write_all(&serde_json::to_vec(value)?)?;
        file.commit()
    }

    /// Removes it. A missing file is fine.
    pub fn remove(self, state_dir: &Path, app: &str) -> io::Result<()> {
        match fs::remove_file(self.path(state_dir, app)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// The lock of operations.
pub fn lock(state_dir: &Path) -> PathBuf {
    state_dir.join("lock")
}

/// The lock of operations on one app.
pub fn app_lock(state_dir: &Path, app: &str) -> PathBuf {
    state_dir.join(format!("{app}.lock"))
}

/// The lock of an app's marker: an operation on the app goes on beside it. No app has a colon in its
/// name.
pub fn marker_lock(state_dir: &Path, app: &str) -> PathBuf {
    app_lock(state_dir, &format!("{app}:readonly"))
}

/// The lock of changes to the rules, which all apps share.
pub fn rules_lock(state_dir: &Path) -> PathBuf {
    state_dir.join("rules")
}

/// The lock of the agent that has reserved a status port. No app has a colon in its name.
pub fn port_lock(state_dir: &Path, port: u16) -> PathBuf {
    state_dir.join(format!("port:{port}.lock"))
}

/// The lock of the sidecar.
pub fn sidecar(state_dir: &Path) -> PathBuf {
    state_dir.join("sidecar")
}

/// What the sidecar has loaded.
pub fn loaded(state_dir: &Path) -> PathBuf {
    state_dir.join("sidecar:loaded")
}

/// In the default directory: what a sidecar with another state directory has loaded.
pub fn loaded_elsewhere(default: &Path) -> PathBuf {
    default.join("sidecar:elsewhere")
}

/// Makes the directory if need be.
pub fn make(state_dir: &Path) -> io::Result<()> {
    let mut directory = DirBuilder::new();
    directory.recursive(true).mode(0o755).create(state_dir)
}

/// Whether root alone may write the directories and an app's files in them. A missing file is
/// fine.
pub fn trusted(state_dir: &Path, hold_dir: &Path, app: &str) -> Result<(), Untrusted> {
    trusted_in("state_dir", state_dir, &files(state_dir, app))?;
    trusted_in("hold_dir", hold_dir, &lasting_files(hold_dir, app))
}

/// The files of an app in `hold_dir` that say what the agent does.
pub fn lasting_files(hold_dir: &Path, app: &str) -> [PathBuf; 3] {
    [StateFile::Hold, StateFile::Target, StateFile::Readonly].map(|file| file.path(hold_dir, app))
}

/// The files of an app in `state_dir` that say what the agent does.
pub fn files(state_dir: &Path, app: &str) -> [PathBuf; 4] {
    [
        lock(state_dir),
        app_lock(state_dir, app),
        StateFile::Journal.path(state_dir, app),
        StateFile::Command.path(state_dir, app),
    ]
}

/// Whether root alone may write a directory, which this key in `[agent]` names, and its files.
pub fn trusted_in(key: &str, directory: &Path, files: &[PathBuf]) -> Result<(), Untrusted> {
    let default = match key {
        "state_dir" => STATE_DIR,
        _ => HOLD_DIR,
    };
    let mut places = [directory]
        .into_iter()
        .chain(files.iter().map(PathBuf::as_path));
    let trusted = places.try_for_each(permissions::check);
    trusted.map_err(|untrusted| untrusted.of_setting(key, default))
}

/// Makes a directory, which this key in `[agent]` names, if need be. Refuses one that others than
/// root may write.
pub fn make_trusted(key: &str, directory: &Path) -> io::Result<()> {
    let untrusted = |untrusted: Untrusted| io::Error::other(untrusted.to_string());
    trusted_in(key, directory, &[]).map_err(untrusted)?;
    make(directory)
}

/// Why a file of one of our directories can't be used, with the fix. `key`: the setting in
/// `[agent]` that names the directory.
pub fn unusable(key: &str, path: &Path, error: &io::Error) -> String {
    let action = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space or inodes there, or choose another"
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount it for writing, or choose another",
        _ => "fix",
    };
    format!("{}: {error}; {action} [agent] {key}", path.display())
}
