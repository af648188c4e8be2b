//! The names and limits of the history's files.

use std::path::{Path, PathBuf};

/// The largest current file, in bytes.
pub const LARGEST: u64 = 4 * 1024 * 1024;

/// The number of old files.
pub const OLD: usize = 3;

/// The largest size of all files together, in bytes.
pub const MOST: u64 = LARGEST * (OLD as u64 + 1);

/// The longest line, in bytes. A longer one loses its details.
pub(super) const LONG: usize = 1024 * 1024;

/// The current file (0), or an old one: a higher number is older.
pub fn path(history_dir: &Path, number: usize) -> PathBuf {
    history_dir.join(match number {
        0 => "history.jsonl".to_owned(),
        number => format!("history.{number}.jsonl"),
    })
}
