//! Written beside the operation, by a thread of its own: what the names of users and the
//! history's disk may take, an operation does not wait for.

use super::{Asked, Caller, Entry, append, has};
use crate::journal;
use crate::operation::Report;
use crate::restart::Outcome;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What an operation that has ended lasts longer at most. A line takes a millisecond.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// A sidecar whose history hangs for days starts no more threads than that.
const THREADS: usize = 256;

static WRITING: AtomicUsize = AtomicUsize::new(0);

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

    /// Of one that was killed: see [`Entry::cut_short`].
    pub fn cut_short(left: &journal::Entry, lasted: f64, found: &str) -> Line {
        Line {
            perhaps_there: true,
            ..Line::new(Entry::cut_short(left, lasted, found), &left.asked)
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
/// As [`append`]; or it takes longer: then it may still be done, as long as this process lives.
pub async fn write(history_dir: &Path, lines: Vec<Line>) -> io::Result<()> {
    let (tell, told) = oneshot::channel();
    let (directory, writing) = (history_dir.to_owned(), Writing::begin()?);
    thread::Builder::new()
        .name("history".to_owned())
        .spawn(move || {
            let _writing = writing;
            // Each is tried; the first that failed is told.
            let written: Vec<_> = lines.into_iter().map(|it| it.write(&directory)).collect();
            let written = written.into_iter().collect();
            // Nobody may listen any more.
            let _ = tell.send(written);
        })?;
    match timeout(PATIENCE, told).await {
        Ok(Ok(written)) => written,
        Ok(Err(_)) => Err(io::Error::other("its writer died")),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("not written within {} ms", PATIENCE.as_millis()),
        )),
    }
}

/// One of those that write.
struct Writing;

impl Writing {
    fn begin() -> io::Result<Writing> {
        let writing = Writing;
        match WRITING.fetch_add(1, Ordering::Relaxed) {
            0..THREADS => Ok(writing),
            _ => Err(io::Error::other(
                "too many operations before are not written yet",
            )),
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.fetch_sub(1, Ordering::Relaxed);
    }
}
