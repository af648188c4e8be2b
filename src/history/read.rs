//! Reads the history, newest last, without torn lines. It takes no lock, so it never waits for a
//! writer.

use super::Entry;
use super::files::{LARGEST, LONG, OLD, path};
use crate::state::permissions;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The content of the history.
#[derive(Debug, Default)]
pub struct Read {
    /// The operations, newest last, without their samples.
    pub entries: Vec<Entry>,
    /// The number of unreadable lines, mostly torn by a loss of power.
    pub torn: usize,
}

/// Reads all files. A missing file counts as empty.
///
/// # Errors
///
/// A file can't be read, or users other than root may write it.
pub fn read(history_dir: &Path) -> io::Result<Read> {
    let mut read = Read::default();
    for text in files(history_dir)? {
        for line in lines(&text) {
            match serde_json::from_slice::<Entry>(line) {
                Ok(entry) if !entry.id.is_empty() => read.entries.push(Entry {
                    samples: None,
                    ..entry
                }),
                _ => read.torn += 1,
            }
        }
    }
    Ok(read)
}

/// Reads one operation, with its samples.
///
/// # Errors
///
/// Those of [`read`].
pub fn one(history_dir: &Path, id: &str) -> io::Result<Option<Entry>> {
    let files = files(history_dir)?;
    let mut all = files.iter().flat_map(|text| lines(text));
    Ok(all.find_map(|line| {
        let entry: Entry = serde_json::from_slice(line).ok()?;
        (entry.id == id).then_some(entry)
    }))
}

/// Whether the history has an operation of this id.
pub fn has(history_dir: &Path, id: &str) -> bool {
    let begins = format!("{{\"id\":\"{id}\"");
    let mut files = files(history_dir).ok().into_iter().flatten();
    files.any(|text| lines(&text).any(|line| line.starts_with(begins.as_bytes())))
}

/// Reads the existing files, oldest first. It opens them newest first: a file that is rotated
/// meanwhile is then opened twice, which is detected, and never missed.
pub(super) fn files(history_dir: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut open: Vec<(u64, u64, File)> = Vec::new();
    for number in 0..=OLD {
        let file = match permissions::open(&path(history_dir, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file.map_err(permissions::of_the_agent)?,
        };
        let found = file.metadata()?;
        let (device, inode) = (found.dev(), found.ino());
        if !open.iter().any(|(d, i, _)| (*d, *i) == (device, inode)) {
            open.push((device, inode, file));
        }
    }
    // Limits the memory, in case another program has made a file larger.
    let most = LARGEST + LONG as u64;
    let read = |(_, _, file): (u64, u64, File)| {
        let mut text = Vec::new();
        file.take(most).read_to_end(&mut text).map(|_| text)
    };
    open.into_iter().rev().map(read).collect()
}

pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}
