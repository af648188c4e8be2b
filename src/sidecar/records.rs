//! What the state files of the app show: an operation that has not ended, and a hold.

use super::reconciler::Reconciler;
use crate::state::hold::{self, Held};
use crate::state::journal::{Entry, Journal};

/// One reading of the files. Each reading checks the permissions of every folder above them, so a
/// round at rest reads them once.
pub(super) struct Records {
    pub(super) unfinished: Result<Option<Entry>, String>,
    pub(super) held: Option<Held>,
}

impl Records {
    /// A journal that can't be read counts as an operation that has not ended.
    pub(super) fn is_unfinished(&self) -> bool {
        !matches!(self.unfinished, Ok(None))
    }

    pub(super) fn is_of_a_cut_switch(&self) -> bool {
        matches!(&self.unfinished, Ok(Some(entry)) if entry.is_of_a_switch())
    }
}

impl Reconciler {
    pub(super) fn read_records(&self) -> Records {
        Records {
            unfinished: Journal::unfinished(self.state_dir(), &self.app.name),
            held: hold::now(self.hold_dir(), &self.app.name),
        }
    }
}
