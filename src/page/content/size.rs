//! How large the page is with the files in it.

use std::path::PathBuf;

/// The most bytes of the page with its files, which each user gets.
pub const LIMIT: usize = 2 * 1024 * 1024;

/// A file that is in the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// As the page names it.
    pub name: PathBuf,
    /// Its size.
    pub bytes: usize,
}

impl Included {
    /// Its size, to read.
    pub fn size(&self) -> String {
        size(self.bytes)
    }
}

/// That the page is too large, and which of its files is the largest.
pub(super) fn too_large(bytes: usize, included: &[Included]) -> String {
    let (has, limit) = (size(bytes), size(LIMIT));
    let largest = included.iter().max_by_key(|file| file.bytes);
    let largest =
        largest.map(|file| format!(", {} first ({})", file.name.display(), size(file.bytes)));
    format!(
        "the page with its files has {has}, more than the limit of {limit}: make them smaller{}",
        largest.unwrap_or_default()
    )
}

/// A size to read.
pub(in crate::page) fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
