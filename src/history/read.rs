//! The history read: newest last, what is torn left out. Without a lock: whoever writes is not
//! waited for.

use super::Entry;
use super::files::{LARGEST, LONG, OLD, path};
use crate::state::permissions;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// The operations, newest last, without their samples.
    pub entries: Vec<Entry>,
    /// Lines that are none: torn by a loss of power, mostly.
    pub torn: usize,
}

/// Reads all of it; what is not there is empty.
///
/// # Errors
///
/// A file can't be read, or others than root may write it.
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

/// One operation, with its samples.
///
/// # Errors
///
/// As [`read`].
pub fn one(history_dir: &Path, id: &str) -> io::Result<Option<Entry>> {
    let files = files(history_dir)?;
    let mut all = files.iter().flat_map(|text| lines(text));
    Ok(all.find_map(|line| {
        let entry: Entry = serde_json::from_slice(line).ok()?;
        (entry.id == id).then_some(entry)
    }))
}

/// Whether an operation of this id is there.
pub fn has(history_dir: &Path, id: &str) -> bool {
    let begins = format!("{{\"id\":\"{id}\"");
    let mut files = files(history_dir).ok().into_iter().flatten();
    files.any(|text| lines(&text).any(|line| line.starts_with(begins.as_bytes())))
}

/// The files that there are, oldest first. Opened newest first: one that is turned over
/// meanwhile is read twice then, which can be told, and not left out.
pub(super) fn files(history_dir: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut open: Vec<(u64, u64, File)> = Vec::new();
    for number in 0..=OLD {
        let file = match permissions::open(&path(history_dir, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let found = file.metadata()?;
        let (device, inode) = (found.dev(), found.ino());
        if !open.iter().any(|(d, i, _)| (*d, *i) == (device, inode)) {
            open.push((device, inode, file));
        }
    }
    // Whatever somebody else has made of them.
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
