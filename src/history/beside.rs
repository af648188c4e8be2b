//! Written beside the operation, by a thread of its own: what the names of users and the
//! history's disk may take, an operation does not wait for.

use super::{Entry, append, has};
use crate::report::Report;
use crate::restart::Outcome;
use crate::state::caller::{Asked, Caller};
use crate::state::journal::CutShort;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// What an operation that has ended lasts longer at most. A line takes a millisecond.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// A sidecar whose history hangs for days has no more threads than that, each with a line of a
/// megabyte at most.
const THREADS: usize = 16;

/// One for each that writes.
static WRITING: Semaphore = Semaphore::const_new(THREADS);

/// An operation that is to be written: the users in it have no names yet.
#[derive(Debug, Clone)]
pub struct Line {
    entry: Entry,
    by: Caller,
    /// It may have been written already.
    perhaps_there: bool,
}

impl Line {
    /// Of an operation that has ended so.
    pub fn of(report: &Report, outcome: &Outcome) -> Line {
        Line::new(Entry::of(report, outcome), &report.asked)
    }

    /// Of one that could not say it: see [`Entry::cut_short`].
    pub fn cut_short(before: &CutShort) -> Line {
        Line {
            perhaps_there: true,
            ..Line::new(Entry::cut_short(before), &before.left.asked)
        }
    }

    /// This one, asked for so.
    pub fn new(entry: Entry, asked: &Asked) -> Line {
        Line {
            entry,
            by: asked.who.clone(),
            perhaps_there: false,
        }
    }

    fn write(mut self, history_dir: &Path) -> io::Result<()> {
        if self.perhaps_there && has(history_dir, &self.entry.id) {
            return Ok(());
        }
        self.entry.who = self.by.named();
        append(history_dir, &self.entry)
    }
}

/// Writes them in this order, and waits for that no longer than [`PATIENCE`].
///
/// # Errors
///
/// As [`append`]; or it takes longer: then it may still be done, as long as this process lives,
/// unless too many before it are not done yet.
pub async fn write(history_dir: &Path, lines: Vec<Line>) -> io::Result<()> {
    let late = |_| {
        let told = format!("not written within {} ms", PATIENCE.as_millis());
        io::Error::new(io::ErrorKind::TimedOut, told)
    };
    let written = timeout(PATIENCE, write_beside(history_dir.to_owned(), lines));
    written.await.map_err(late)?
}

async fn write_beside(history_dir: PathBuf, lines: Vec<Line>) -> io::Result<()> {
    let writing = WRITING.acquire().await.map_err(io::Error::other)?;
    let (tell, told) = oneshot::channel();
    thread::Builder::new()
        .name("history".to_owned())
        .spawn(move || {
            // Each is tried; the first that failed is told.
            let written: Vec<_> = lines.into_iter().map(|it| it.write(&history_dir)).collect();
            drop(writing);
            // Nobody may listen any more.
            let _ = tell.send(written.into_iter().collect());
        })?;
    let died = |_| io::Error::other("its writer died");
    told.await.map_err(died)?
}
