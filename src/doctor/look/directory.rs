//! Checks whether a directory can be used, without a change in it.

use crate::config::{AgentSettings, AppSettings};
use crate::doctor::fault::Fault;
use crate::doctor::host::Directory;
use crate::history;
use crate::state::directory as state;
use crate::state::permissions::Untrusted;
use nix::unistd::{AccessFlags, access};
use std::io;
use std::path::{Path, PathBuf};

/// The state directories, each once.
pub(crate) fn all(agent: &AgentSettings, apps: &[AppSettings]) -> Vec<Directory> {
    let mut all: Vec<Directory> = Vec::new();
    for (key, path) in [
        ("state_dir", &agent.state_dir),
        ("hold_dir", &agent.hold_dir),
    ] {
        let lasting = apps
            .iter()
            .flat_map(|app| state::lasting_files(path, &app.name));
        let files = apps.iter().flat_map(|app| state::files(path, &app.name));
        let files: Vec<PathBuf> = files.chain(lasting).collect();
        let one = directory(key, path, state::trusted_in(key, path, &files));
        all.extend((!all.iter().any(|other| other.path == one.path)).then_some(one));
    }
    all
}

/// The directory of the history.
pub(crate) fn history(agent: &AgentSettings) -> Directory {
    let path = &agent.history_dir;
    let current = history::path(path, 0);
    let trusted = state::trusted_in("history_dir", path, &[current]);
    directory("history_dir", path, trusted)
}

fn directory(key: &str, path: &Path, trusted: Result<(), Untrusted>) -> Directory {
    let trusted = trusted.map_err(|untrusted| Fault {
        found: untrusted.found(),
        fix: untrusted.fix,
    });
    let used = || usable(path).map_err(|error| Fault::of(&state::unusable(key, path, &error), ""));
    Directory {
        path: path.display().to_string(),
        exists: path.exists(),
        usable: trusted.and_then(|()| used()),
    }
}

/// Whether the directory can be used. A missing one is fine, because the agent makes it.
fn usable(path: &Path) -> io::Result<()> {
    let mut there = path
        .ancestors()
        .filter(|path| path.symlink_metadata().is_ok());
    let there = there.next().unwrap_or(path);
    if !there.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    access(there, AccessFlags::W_OK | AccessFlags::X_OK)?;
    let disk = rustix::fs::statvfs(there)?;
    // Some file systems report no inodes.
    let full = disk.f_bavail == 0 || (disk.f_files > 0 && disk.f_favail == 0);
    match full {
        true => Err(io::ErrorKind::StorageFull.into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_need_not_be_there_but_a_file_in_its_place_is_wrong() {
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path();
        assert!(usable(path).is_ok() && usable(&path.join("a/b")).is_ok());
        assert!(!path.join("a").exists());
        std::fs::write(path.join("a"), "").unwrap();
        assert!(usable(&path.join("a/b")).is_err());
        let file = directory("hold_dir", &path.join("a"), Ok(()));
        assert!(file.usable.unwrap_err().fix.ends_with(" [agent] hold_dir"));
    }
}
