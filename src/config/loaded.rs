//! The configuration as the running sidecar has loaded it. The sidecar writes it down, so that
//! other agents see when it still runs with older settings than the file has.

use super::difference::{Difference, difference};
use super::{LoadedFrom, Settings, read};
use crate::state::directory;
use crate::state::lock::{Lock, Owner};
use crate::state::permissions;
use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What a sidecar has loaded.
#[derive(Debug, Serialize, Deserialize)]
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
        let keys: Vec<&str> = self.difference.keys().collect();
        let (pid, keys, file) = (self.pid, keys.join(", "), self.file.display());
        let (does, run) = match self.difference.needs_restart() {
            true => ("restart", "systemctl restart haproxy-gate"),
            false => ("reload", "systemctl reload haproxy-gate"),
        };
        let why = match &self.refused {
            Some(why) => {
                format!("its last reload kept them: {why}; correct that, then run `{run}`")
            }
            None => format!("no operation moves gates before its {does}: run `{run}`"),
        };
        format!(
            "the sidecar (pid {pid}) has older settings than {file}: {keys} differ{}; {why}",
            if self.difference.is_one() { "s" } else { "" }
        )
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
    /// What the system says.
    pub fn write(&self, state_dir: &Path) -> io::Result<()> {
        let mut options = AtomicWriteFile::options();
        let options = options
            .mode(0o600)
            .preserve_mode(false)
            .preserve_owner(false);
        let mut file = options.open(directory::loaded(state_dir))?;
        serde_json::to_writer(&mut file, self)?;
        file.commit()
    }

    /// The sidecar that has loaded other settings from the same file. None: it has the same ones,
    /// none runs, or it has not written them down, as an older agent.
    ///
    /// # Errors
    ///
    /// Only root may read it.
    pub fn older(settings: &Settings) -> io::Result<Option<Older>> {
        let state_dir = &settings.agent.state_dir;
        let text = match permissions::read(&directory::loaded(state_dir)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(_) => return Ok(None),
        };
        let Ok(loaded) = serde_json::from_str::<Loaded>(&text) else {
            return Ok(None);
        };
        Ok(loaded
            .differs(settings)
            .filter(|_| loaded.is_running(state_dir)))
    }

    fn differs(&self, settings: &Settings) -> Option<Older> {
        if self.from.path != settings.from.path {
            return None;
        }
        let before = read(&self.from.path, &self.from.text).ok()?;
        let now = read(&settings.from.path, &settings.from.text).ok()?;
        Some(Older {
            pid: self.owner.pid,
            file: settings.from.path.clone(),
            difference: difference(&before, &now)?,
            refused: self.refused.clone(),
        })
    }

    /// The kernel takes a moment to answer, so this comes last.
    fn is_running(&self, state_dir: &Path) -> bool {
        let owner = Lock::owner(&directory::sidecar(state_dir)).flatten();
        owner.is_some_and(|owner| owner == self.owner)
    }
}
