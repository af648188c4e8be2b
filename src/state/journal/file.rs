//! The file of a journal.

use super::{Entry, Targets};
use crate::restart::{Phase, Version};
use crate::state::StateFile;
use crate::state::invocation::Invocation;
use std::io;
use std::path::{Path, PathBuf};

/// One app's journal.
#[derive(Debug)]
pub struct Journal {
    state_dir: PathBuf,
    entry: Entry,
}

impl Journal {
    /// What an earlier operation on this app left unfinished, by dying or on purpose. None:
    /// nothing. Err: it can't be read, so only the kernel and HAProxy show the state.
    pub fn unfinished(state_dir: &Path, app: &str) -> Result<Option<Entry>, String> {
        let path = StateFile::Journal.path(state_dir, app);
        let unreadable =
            |why: io::Error| format!("the journal {} can't be read: {why}", path.display());
        StateFile::Journal.read(state_dir, app).map_err(unreadable)
    }

    /// Begins the journal of an operation, before it acts on its first phase.
    pub fn begin(state_dir: &Path, entry: Entry) -> io::Result<Journal> {
        let journal = Journal {
            state_dir: state_dir.to_owned(),
            entry,
        };
        journal.write()?;
        Ok(journal)
    }

    /// A journal without a file, for a first phase that could not be recorded.
    pub fn unwritten(state_dir: &Path, entry: Entry) -> Journal {
        Journal {
            state_dir: state_dir.to_owned(),
            entry,
        }
    }

    /// Records that a phase is about to be acted on.
    pub fn enter(&mut self, phase: &Phase, instance: Option<String>) -> io::Result<()> {
        self.entry.phase = phase.clone();
        let after = self.entry.version.at(phase);
        let before = std::mem::replace(&mut self.entry.version, after);
        // An upgrade may restart the app, too. The instance after the upgrade shows whether the
        // operation's own restart has happened.
        if matches!(phase, Phase::Upgrade | Phase::Rollback(_)) {
            self.entry.instance = None;
        }
        self.entry.instance = instance.or_else(|| self.entry.instance.take());
        let written = self.write();
        if written.is_err() {
            // The caller does not act on a phase that is not recorded.
            self.entry.version = before;
        }
        written
    }

    /// Of a switch: the new target may be what ran there before.
    pub fn ran_before(&self) -> bool {
        let switch = self.entry.switch.as_ref();
        switch.is_some_and(|targets| targets.switching.ran_before)
    }

    /// Records that what ran before as the new target is stopped: what runs there from now on was
    /// started by this switch.
    pub fn stopped_first(&mut self) -> io::Result<()> {
        match &mut self.entry.switch {
            Some(Targets { switching, .. }) if switching.ran_before => {
                switching.ran_before = false;
                self.write()
            }
            _ => Ok(()),
        }
    }

    /// The operation that it records.
    pub fn invocation(&self) -> &Invocation {
        &self.entry.invocation
    }

    /// The version of the app that will come up.
    pub fn version(&self) -> &Version {
        &self.entry.version
    }

    /// Removes the journal of an unfinished operation.
    pub fn forget(state_dir: &Path, app: &str) -> io::Result<()> {
        StateFile::Journal.remove(state_dir, app)
    }

    /// The operation has ended, and has reported how it left the host.
    pub fn end(self) -> io::Result<()> {
        Journal::forget(&self.state_dir, &self.entry.invocation.app)
    }

    /// The operation has ended, but the next one still needs what it found.
    pub fn leave(mut self) -> io::Result<()> {
        self.entry.ended = true;
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let app = &self.entry.invocation.app;
        StateFile::Journal.write(&self.state_dir, app, &self.entry)
    }
}
