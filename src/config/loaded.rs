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
use std::io;
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
        format!(
            "the sidecar (pid {pid}) {found}; it may set gates by those, so `agent restart` \
             refuses: {first}run `{command}`"
        )
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
        let Err(error) = self.replace(state_dir) else {
            return Ok(());
        };
        let file = directory::loaded(state_dir);
        Err(match fs::remove_file(&file) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => io::Error::other(format!(
                "{error}; {} has older settings and may refuse restarts, but can't be removed: \
                 {why}",
                file.display()
            )),
            _ => error,
        })
    }

    fn replace(&self, state_dir: &Path) -> io::Result<()> {
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
        // Before `state_dir` was set, the sidecar had the default.
        Loaded::older_in([&settings.agent.state_dir, Path::new(STATE_DIR)], settings)
    }

    fn older_in(state_dirs: [&Path; 2], settings: &Settings) -> io::Result<Option<Older>> {
        let mut state_dirs = state_dirs.to_vec();
        state_dirs.dedup();
        let found = state_dirs.into_iter();
        let mut found = found.filter_map(|dir| Loaded::of(dir, settings).transpose());
        found.next().transpose()
    }

    fn of(state_dir: &Path, settings: &Settings) -> io::Result<Option<Older>> {
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
        // At rest the text is the same: no look then reads a configuration twice.
        if self.from.path != settings.from.path || self.from.text == settings.from.text {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(state_dir: &Path) -> Settings {
        let text = format!(
            "[agent]\nstate_dir = {state_dir:?}\n[app.web]\nport = 1000\nstatus_port = 2000\n\
             restart = {{ command = [\"true\"] }}\n[[haproxy]]\nsocket = \"/s\"\n"
        );
        let path = Path::new("/agent.toml").to_path_buf();
        let settings = read(&path, &text).unwrap();
        Settings {
            from: LoadedFrom { path, text },
            ..settings
        }
    }

    #[test]
    fn another_state_directory_does_not_hide_the_sidecar() {
        let [before, now] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let owner = Owner::new("agent run");
        let lock = Lock::take(&directory::sidecar(before.path()), &owner).unwrap();
        let loaded = Loaded::new(&owner, &settings(before.path()), None);
        loaded.write(before.path()).unwrap();
        let dirs = [now.path(), before.path()];
        let older = || Loaded::older_in(dirs, &settings(now.path())).unwrap();
        let found = older().unwrap();
        assert!(
            found.found().contains("agent.state_dir differs"),
            "{}",
            found.found()
        );
        assert_eq!(found.command(), "systemctl restart haproxy-gate");
        drop(lock);
        assert_eq!(older(), None);
    }

    #[test]
    fn a_file_that_can_not_be_removed_is_in_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let loaded = Loaded::new(&Owner::new("agent run"), &settings(dir.path()), None);
        let missing = dir.path().join("none");
        let error = |dir: &Path| loaded.write(dir).unwrap_err().to_string();
        assert!(!error(&missing).contains("can't be removed"));
        fs::create_dir(directory::loaded(dir.path())).unwrap();
        assert!(error(dir.path()).contains("may refuse restarts, but can't be removed: "));
    }

    #[test]
    fn it_describes_what_older_settings_mean() {
        let now = settings(Path::new("/b"));
        let means = "; it may set gates by those, so `agent restart` refuses: ";
        for (refused, found, what) in [
            (
                None,
                "agent.state_dir differs",
                "run `systemctl restart haproxy-gate`",
            ),
            (
                Some("no such app".to_owned()),
                "its last reload kept them: no such app",
                "correct that, then run `systemctl restart haproxy-gate`",
            ),
        ] {
            let loaded = Loaded::new(
                &Owner::new("agent run"),
                &settings(Path::new("/a")),
                refused,
            );
            let text = loaded.differs(&now).unwrap().describe();
            assert!(text.ends_with(&format!("{found}{means}{what}")), "{text}");
        }
    }
}
