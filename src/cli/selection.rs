//! The operations of the history, and the one that the command line names.

use super::screen::{complain, say};
use crate::config;
use crate::history::{self, Entry};
use crate::state::operation_id;
use std::io;
use std::path::{Path, PathBuf};

/// The exit code if the history can't be read, or the page not written.
pub(super) const FAILED: u8 = 1;
/// Its `outcome`.
pub(super) const FAILED_WORD: &str = "failed";

/// The operations of the history, and their directory.
pub(super) struct Operations {
    pub(super) directory: PathBuf,
    pub(super) entries: Vec<Entry>,
}

/// The operations that the command line names.
pub(super) enum Selection<'a> {
    All,
    App(String),
    One(&'a Entry),
}

impl Operations {
    /// Reads the history. Err: why it can't be read, in one line.
    pub(super) fn read(config: &Path) -> Result<Operations, String> {
        let directory = config::history_dir(config);
        let read = history::read(&directory).map_err(|error| {
            let fix = match error.kind() {
                io::ErrorKind::PermissionDenied if !nix::unistd::geteuid().is_root() => {
                    "; only root may read the history: run it with sudo"
                }
                _ => "",
            };
            format!("{}: {error}{fix}", directory.display())
        })?;
        if read.torn > 0 {
            let (torn, directory) = (read.torn, directory.display());
            complain(&format!(
                "{directory}: skipped {torn} incomplete lines of the history"
            ));
        }
        Ok(Operations {
            directory,
            entries: read.entries,
        })
    }

    /// Finds the app or the operation of this name. Err: there is none.
    pub(super) fn select<'a>(
        &'a self,
        config: &Path,
        name: Option<&str>,
    ) -> anyhow::Result<Selection<'a>> {
        let Some(name) = name else {
            return Ok(Selection::All);
        };
        let apps = config::load_copy(config).map_or_else(|_| Vec::new(), |settings| settings.apps);
        let is_app = apps.iter().any(|app| app.name == name);
        if is_app || self.entries.iter().any(|entry| entry.app == name) {
            return Ok(Selection::App(name.to_owned()));
        }
        match self.entries.iter().find(|entry| entry.id == name) {
            Some(entry) => Ok(Selection::One(entry)),
            None if operation_id::is_id(name) => anyhow::bail!(
                "no operation {name} in {}: it may be too old; see `agent history --all`",
                self.directory.display()
            ),
            None => anyhow::bail!("no app or operation {name:?}: see `agent history --all`"),
        }
    }
}

/// Prints why the history can't be read, or the page not written. Returns the exit code.
pub(super) fn failed(why: &str, json: bool) -> u8 {
    if json {
        let object = serde_json::json!({"outcome": FAILED_WORD, "exit": FAILED, "message": why});
        say(&format!("{object}\n"));
    }
    complain(why);
    FAILED
}
