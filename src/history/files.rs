//! The files of the history: the current one, and the old ones that are kept.

use std::path::{Path, PathBuf};

/// What the current file may grow to, in bytes.
pub const LARGEST: u64 = 4 * 1024 * 1024;

/// Old files that are kept.
pub const OLD: usize = 3;

/// What all of them may come to, in bytes.
pub const MOST: u64 = LARGEST * (OLD as u64 + 1);

/// A line longer than this goes without what is [cut](CUTS).
pub(super) const LONG: usize = 1024 * 1024;

/// The current file, or with a number from 1 an old one: the higher, the older.
pub fn path(history_dir: &Path, number: usize) -> PathBuf {
    history_dir.join(match number {
        0 => "history.jsonl".to_owned(),
        number => format!("history.{number}.jsonl"),
    })
}
