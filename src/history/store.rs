//! Appends to the history's files, under a lock, and rotates them before they are too large. A
//! writer waits for other writers, so an operation leaves this to a thread ([`super::write`]).

use super::Entry;
use super::files::{LARGEST, LONG, OLD, path};
use crate::state::directory;
use crate::state::lock_file;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The details that a too long line loses, in this order: the samples, all but one wait of each
/// phase and what its command printed, the phases.
const CUTS: [fn(&mut Entry); 3] = [
    |entry| entry.samples = None,
    |entry| {
        let phases = entry.phases.iter_mut();
        phases.for_each(|phase| {
            phase.waited_for.truncate(1);
            phase.output.clear();
        });
    },
    |entry| entry.phases.clear(),
];

/// Only root may read it, because it says who logged in from where.
const MODE: u32 = 0o600;

/// The history's lock. No file of an app has such a name, even in a shared directory.
fn lock_path(history_dir: &Path) -> PathBuf {
    history_dir.join("history.jsonl~lock")
}

/// Appends an operation in one write.
///
/// # Errors
///
/// Nothing was appended: the directory or a file can't be written, users other than root may write
/// it, or the disk is full.
pub fn append(history_dir: &Path, entry: &Entry) -> io::Result<()> {
    let line = line(entry)?;
    trusted(history_dir)?;
    directory::make(history_dir)?;
    // In a sticky directory another user may have made it first.
    trusted(history_dir)?;
    let lock = lock_file::open(&lock_path(history_dir))?;
    lock_file::take(&lock)?;
    let current = path(history_dir, 0);
    let mut file = open(&current)?;
    // The size of the opened file, because the path may be a symlink.
    if is_full(file.metadata()?.len(), line.len()) {
        turn_over(history_dir)?;
        file = open(&current)?;
    }
    let size = file.seek(SeekFrom::End(0))?;
    let torn = is_torn(&mut file, size)?;
    let line = if torn { [b"\n", &*line].concat() } else { line };
    match write_at_once(&mut file, &line) {
        Ok(()) => Ok(()),
        Err(error) => {
            // Removes a partial line, and a file that would be empty.
            let _ = file.set_len(size);
            if size == 0 {
                let _ = fs::remove_file(&current);
            }
            Err(error)
        }
    }
}

fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    let mut less = entry.clone();
    for cut in CUTS {
        if line.len() <= LONG {
            break;
        }
        cut(&mut less);
        line = serde_json::to_vec(&less)?;
    }
    line.push(b'\n');
    Ok(line)
}

/// Whether a file of this size has no room for a line of this length.
fn is_full(size: u64, line: usize) -> bool {
    size > 0 && size + line as u64 > LARGEST
}

/// Rotates the files: the current file becomes an old one, and the oldest is removed.
fn turn_over(history_dir: &Path) -> io::Result<()> {
    for number in (0..OLD).rev() {
        let turned = fs::rename(path(history_dir, number), path(history_dir, number + 1));
        match turned {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            turned => turned?,
        }
    }
    Ok(())
}

fn trusted(history_dir: &Path) -> io::Result<()> {
    let denied = |untrusted| io::Error::new(io::ErrorKind::PermissionDenied, untrusted);
    let places = [lock_path(history_dir), path(history_dir, 0)];
    directory::trusted_in("history_dir", history_dir, &places).map_err(denied)
}

fn open(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait for its reader.
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(MODE)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("not a regular file: remove it")),
    }
}

/// Whether the last line has no end, after a loss of power or on a full disk.
fn is_torn(file: &mut File, size: u64) -> io::Result<bool> {
    if size == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(size - 1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn write_at_once(file: &mut File, line: &[u8]) -> io::Result<()> {
    match file.write(line)? {
        written if written == line.len() => Ok(()),
        _ => Err(io::ErrorKind::StorageFull.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::PhaseEntry;
    use super::*;
    use crate::report::Samples;

    #[test]
    fn a_file_is_turned_over_before_it_is_too_large_and_never_for_one_line_alone() {
        let largest = LARGEST as usize;
        for (size, line, full) in [
            (0, 10, false),
            (0, largest + 1, false),
            (LARGEST - 10, 10, false),
            (LARGEST - 10, 11, true),
            (LARGEST, 1, true),
            (1, largest, true),
        ] {
            assert_eq!(is_full(size, line), full, "{size} {line}");
        }
    }

    #[test]
    fn a_line_is_cut_until_it_is_short_enough() {
        let entry = |phases, waits| Entry {
            id: "1mj1tea0011".to_owned(),
            phases: vec![
                PhaseEntry {
                    phase: "floor".to_owned(),
                    waited_for: vec!["x".repeat(500); waits],
                    ..PhaseEntry::default()
                };
                phases
            ],
            samples: Some(Samples::default()),
            ..Entry::default()
        };
        for (phases, waits, left, waits_left, samples) in [
            (10, 50, 10, 50, true),
            (100, 50, 100, 1, false),
            (2500, 1, 0, 0, false),
        ] {
            let line = line(&entry(phases, waits)).unwrap();
            assert!(line.len() <= LONG + 1, "{}", line.len());
            let read: Entry = serde_json::from_slice(&line).unwrap();
            assert_eq!(read.phases.len(), left);
            assert!(
                read.phases
                    .iter()
                    .all(|it| it.waited_for.len() == waits_left)
            );
            assert_eq!(read.samples.is_some(), samples);
        }
    }

    #[test]
    fn files_grow_older_until_they_go() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        for text in ["a", "b", "c", "d", "e"] {
            fs::write(path(directory, 0), text).unwrap();
            turn_over(directory).unwrap();
        }
        let read = |number| fs::read_to_string(path(directory, number)).ok();
        let kept: Vec<_> = (0..=OLD + 1).map(read).collect();
        let old = ["e", "d", "c"].map(|text| Some(text.to_owned()));
        assert_eq!(kept[0], None);
        assert_eq!(kept[1..=OLD], old);
        assert_eq!(kept[OLD + 1], None);
    }
}
