//! What the state files of the app show: an operation that has not ended, and a hold.

use crate::state::hold::{self, Held};
use crate::state::journal::{Entry, Journal};
use std::path::Path;

/// One reading of the files. Each reading checks the permissions of every folder above them, so a
/// round at rest reads them once.
pub(super) struct Records {
    pub(super) unfinished: Result<Option<Entry>, String>,
    pub(super) held: Option<Held>,
}

impl Records {
    /// Reads them.
    pub(super) fn read(state_dir: &Path, hold_dir: &Path, app: &str) -> Records {
        Records {
            unfinished: Journal::unfinished(state_dir, app),
            held: hold::now(hold_dir, app),
        }
    }

    /// A journal that can't be read counts as an operation that has not ended.
    pub(super) fn is_unfinished(&self) -> bool {
        !matches!(self.unfinished, Ok(None))
    }

    /// Users meet the page, or a hold that can't be read may say so.
    pub(super) fn may_be_on_the_page(&self) -> bool {
        self.held.as_ref().is_some_and(Held::may_be_of_maintenance)
    }

    pub(super) fn is_of_a_cut_switch(&self) -> bool {
        matches!(&self.unfinished, Ok(Some(entry)) if entry.is_of_a_switch())
    }
}
