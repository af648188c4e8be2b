//! Checks whether a directory can be used, without a change in it.

use crate::config::{AgentSettings, AppSettings};
use crate::history;
use crate::state::{directory as state, permissions};
use nix::unistd::{AccessFlags, access};
use std::io;
use std::path::Path;

/// The state directories, each once, and whether they can be used.
pub(crate) fn all(
    agent: &AgentSettings,
    apps: &[AppSettings],
) -> Vec<(String, Result<(), String>)> {
    let mut all = Vec::new();
    for (key, path) in [
        ("state_dir", &agent.state_dir),
        ("hold_dir", &agent.hold_dir),
    ] {
        let shown = path.display().to_string();
        if all.iter().any(|(other, _)| *other == shown) {
            continue;
        }
        let trusted = |app: &AppSettings| {
            let trusted = state::trusted(path, path, &app.name);
            trusted.map_err(|untrusted| untrusted.to_string())
        };
        let trusted = apps.iter().try_for_each(trusted);
        all.push((shown, trusted.and_then(|()| used(path, key))));
    }
    all
}

/// The directory of the history, and whether it can be used.
pub(crate) fn history(agent: &AgentSettings) -> (String, Result<(), String>) {
    let path = &agent.history_dir;
    let current = history::path(path, 0);
    let trusted = permissions::check(path).and_then(|()| permissions::check(&current));
    let trusted = trusted.map_err(|untrusted| untrusted.to_string());
    let usable = trusted.and_then(|()| used(path, "history_dir"));
    (path.display().to_string(), usable)
}

fn used(path: &Path, key: &str) -> Result<(), String> {
    usable(path).map_err(|error| state::unusable(key, path, &error))
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
        let directory = tempfile::tempdir().unwrap();
        assert!(usable(directory.path()).is_ok());
        assert!(usable(&directory.path().join("a/b")).is_ok());
        assert!(!directory.path().join("a").exists());
        std::fs::write(directory.path().join("a"), "").unwrap();
        assert!(usable(&directory.path().join("a/b")).is_err());
        let said = used(&directory.path().join("a"), "hold_dir").unwrap_err();
        assert!(said.ends_with("; fix [agent] hold_dir"), "{said}");
    }
}
