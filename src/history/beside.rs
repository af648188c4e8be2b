//! Writes the history in a thread of its own, so that an operation does not wait for slow look-ups
//! of user names, or for a slow disk.

use super::{Entry, append, has};
use crate::report::{Draft, Report};
use crate::restart::Outcome;
use crate::state::caller::{CallerIds, Origin};
use crate::state::journal::CutShort;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// The longest wait of an ended operation for its line. A line takes a millisecond.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// The most threads of a sidecar whose history hangs for days, each with a line of at most a
/// megabyte.
const THREADS: usize = 16;

/// One permit for each thread that writes.
static WRITING: Semaphore = Semaphore::const_new(THREADS);

/// A line to write. It has no user names yet.
#[derive(Debug, Clone)]
pub struct Line {
    entry: Entry,
    caller: CallerIds,
    /// The line may be in the history already.
    perhaps_there: bool,
}

impl Line {
    /// The line of an operation that has ended.
    pub fn of(report: &Report, draft: &Draft, outcome: &Outcome) -> Line {
        Line::new(Entry::of(report, draft, outcome), &draft.origin)
    }

    /// The line of an operation that was cut short: see [`Entry::cut_short`].
    pub fn cut_short(before: &CutShort) -> Line {
        Line {
            perhaps_there: true,
            ..Line::new(Entry::cut_short(before), &before.entry.origin)
        }
    }

    /// The line of this entry, with the caller of its origin.
    pub fn new(entry: Entry, origin: &Origin) -> Line {
        Line {
            entry,
            caller: origin.caller.clone(),
            perhaps_there: false,
        }
    }

    fn write(mut self, history_dir: &Path) -> io::Result<()> {
        if self.perhaps_there && has(history_dir, &self.entry.id) {
            return Ok(());
        }
        self.entry.caller = self.caller.named();
        append(history_dir, &self.entry)
    }
}

/// Writes the lines in this order, and waits at most [`PATIENCE`].
///
/// # Errors
///
/// Those of [`append`], or a timeout. After a timeout the thread goes on writing while this
/// process lives, unless too many threads are busy.
pub async fn write(history_dir: &Path, lines: Vec<Line>) -> io::Result<()> {
    let late = |_| {
        let late = format!("not written within {} ms", PATIENCE.as_millis());
        io::Error::new(io::ErrorKind::TimedOut, late)
    };
    let written = timeout(PATIENCE, write_beside(history_dir.to_owned(), lines));
    written.await.map_err(late)?
}

async fn write_beside(history_dir: PathBuf, lines: Vec<Line>) -> io::Result<()> {
    let writing = WRITING.acquire().await.map_err(io::Error::other)?;
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("history".to_owned())
        .spawn(move || {
            // Tries each line, and reports the first error.
            let written: Vec<_> = lines.into_iter().map(|it| it.write(&history_dir)).collect();
            drop(writing);
            // The receiver is gone after a timeout.
            let _ = sender.send(written.into_iter().collect());
        })?;
    let died = |_| io::Error::other("its thread died");
    receiver.await.map_err(died)?
}
