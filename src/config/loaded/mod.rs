//! The configuration as the running sidecar has loaded it. The sidecar writes it down, so that
//! other agents see when it still runs with older settings than the file has.

use super::agent::STATE_DIR;
use super::difference::{Difference, difference};
use super::{LoadedFrom, Settings, read};
use crate::state::directory;
use crate::state::lock::{Lock, Owner};
use crate::state::permissions;
use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What a sidecar has loaded.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// The sidecar, as its lock has it.
    owner: Owner,
    from: LoadedFrom,
    /// Why the last reload kept these settings.
    refused: Option<String>,
}

/// A sidecar that runs with older settings than the file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// The process of the sidecar.
    pub pid: u32,
    /// The file of the configuration.
    pub file: PathBuf,
    /// What differs.
    pub difference: Difference,
    /// Why its last reload kept the older settings.
    pub refused: Option<String>,
}

impl Older {
    /// What differs, what it means, and what to run.
    pub fn describe(&self) -> String {
        let (pid, found, command) = (self.pid, self.found(), self.command());
        let first = self.refused.as_ref().map_or("", |_| "correct that, then ");
        let means = match self.difference.moves_gates() {
            true => {
                "it may set gates by those, so `agent restart`, `switch` and `maintenance` refuse"
            }
            false => "it uses those until it reads the file again",
        };
        format!("the sidecar (pid {pid}) {found}; {means}: {first}run `{command}`")
    }

    /// What differs, and why its last reload did not change that.
    pub fn found(&self) -> String {
        let keys: Vec<&str> = self.difference.keys().collect();
        let differ = if keys.len() == 1 { "differs" } else { "differ" };
        let (file, keys) = (self.file.display(), keys.join(", "));
        let refused = self.refused.iter();
        let refused = refused.map(|why| format!("; its last reload kept them: {why}"));
        let refused: String = refused.collect();
        format!("has older settings than {file}: {keys} {differ}{refused}")
    }

    /// The command after which it has the settings of the file.
    pub fn command(&self) -> &'static str {
        match self.difference.needs_restart() {
            true => "systemctl restart haproxy-gate",
            false => "systemctl reload haproxy-gate",
        }
    }
}

impl Loaded {
    /// These settings, which this sidecar has loaded.
    pub fn new(owner: &Owner, settings: &Settings, refused: Option<String>) -> Loaded {
        Loaded {
            owner: owner.clone(),
            from: settings.from.clone(),
            refused,
        }
    }

    /// Writes it for root alone: a configuration may name secrets.
    ///
    /// # Errors
    ///
    /// What the system says. Then no older file is there, or the error says that it stays.
    pub fn write(&self, state_dir: &Path) -> io::Result<()> {
        self.write_in(state_dir, Path::new(STATE_DIR))
    }

    /// Another agent that reads another `state_dir` in the file finds it in the default directory,
    /// which the sidecar's unit makes.
    fn write_in(&self, state_dir: &Path, default: &Path) -> io::Result<()> {
        self.replace(&directory::loaded(state_dir))?;
        match state_dir != default && default.is_dir() {
            true => self.replace(&directory::loaded_elsewhere(default)),
            false => Ok(()),
        }
    }

    fn replace(&self, file: &Path) -> io::Result<()> {
        let Err(error) = self.put(file) else {
            return Ok(());
        };
        Err(match fs::remove_file(file) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => io::Error::other(format!(
                "{error}; {} has older settings and may refuse restarts, but can't be removed: \
                 {why}",
                file.display()
            )),
            _ => error,
        })
    }

    fn put(&self, file: &Path) -> io::Result<()> {
        let mut options = AtomicWriteFile::options();
        let options = options
            .mode(0o600)
            .preserve_mode(false)
            .preserve_owner(false);
        let mut file = options.open(file)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.commit()
    }

    /// The sidecar that has loaded other settings from the same file. None: it has the same ones,
    /// none runs, or it has not written them down, as an older agent.
    ///
    /// # Errors
    ///
    /// Only root may read it.
    pub fn older(settings: &Settings) -> io::Result<Option<Older>> {
        Loaded::older_in(Path::new(STATE_DIR), settings)
    }

    fn older_in(default: &Path, settings: &Settings) -> io::Result<Option<Older>> {
        // `state_dir` itself may differ.
        let files = [
            directory::loaded(&settings.agent.state_dir),
            directory::loaded(default),
            directory::loaded_elsewhere(default),
        ];
        let mut found = files
            .iter()
            .filter_map(|file| Loaded::of(file, settings).transpose());
        found.next().transpose()
    }

    fn of(file: &Path, settings: &Settings) -> io::Result<Option<Older>> {
        let text = match permissions::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(_) => return Ok(None),
        };
        let loaded = serde_json::from_str::<Loaded>(&text).ok();
        Ok(loaded.and_then(|loaded| loaded.older_than(settings)))
    }

    fn older_than(&self, settings: &Settings) -> Option<Older> {
        // At rest the text is the same: no look then reads a configuration twice.
        if self.from.path != settings.from.path || self.from.text == settings.from.text {
            return None;
        }
        let before = read(&self.from.path, &self.from.text).ok()?;
        let now = read(&settings.from.path, &settings.from.text).ok()?;
        let older = Older {
            pid: self.owner.pid,
            file: settings.from.path.clone(),
            difference: difference(&before, &now)?,
            refused: self.refused.clone(),
        };
        self.is_running(&before.agent.state_dir).then_some(older)
    }

    /// The kernel takes a moment to answer, so this comes last.
    fn is_running(&self, state_dir: &Path) -> bool {
        let owner = Lock::owner(&directory::sidecar(state_dir)).flatten();
        owner.is_some_and(|owner| owner == self.owner)
    }
}

#[cfg(test)]
mod tests;
