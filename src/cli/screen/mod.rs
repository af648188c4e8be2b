//! Shows lines, and on a terminal a row under them, which is redrawn in place.
//!
//! During an operation a thread of its own writes everything. A paused terminal (Ctrl-S), a pager
//! or a closed window never blocks an operation. (Progress bars of the usual libraries write in
//! the caller's thread, and panic if the terminal is gone.)
//!
//! Stderr always has an [`outbox`] of its own: an unread log blocks neither stdout
//! nor the end of the program. If stderr and stdout are one terminal, its lines go through this
//! module, or they would tear the row. The sidecar's stdout has an outbox too.

mod queue;
mod row;

pub(super) use row::{Row, columns};

use crate::outbox::{self, Stream};
use queue::{Frame, Line, Queue};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The time between two drawings of the row, whose clock moves.
const TICK: Duration = Duration::from_millis(100);

static QUEUE: Mutex<Queue> = Mutex::new(Queue::new());
/// Signals that there is more to show.
static MORE: Condvar = Condvar::new();

/// Never wait for the reader of stdout, not even at the end.
static NEVER_WAITS: AtomicBool = AtomicBool::new(false);

/// The longest wait for a reader at the end of the program.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread that shows lines. While it exists, printing never blocks.
pub(super) struct Showing(Option<JoinHandle<()>>);

/// Starts the thread that shows lines. If it can't be started, lines are written directly.
pub(super) fn begin() -> Showing {
    let thread = thread::Builder::new().name("screen".to_owned());
    let thread = thread.spawn(keep_showing).ok();
    queue().is_taken = thread.is_some();
    Showing(thread)
}

impl Drop for Showing {
    /// Waits until all lines are shown, so that a reader gets all of them.
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            queue().end();
            MORE.notify_one();
            let _ = thread.join();
        }
    }
}

/// Whether stdout is a terminal that can redraw lines.
pub(super) fn is_live() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Turns colours off with NO_COLOR, even if CLICOLOR_FORCE is set.
pub(super) fn heed_no_color() {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        console::set_colors_enabled(false);
        console::set_colors_enabled_stderr(false);
    }
}

/// Sets the row under the lines, or removes it.
pub(super) fn draw(row: Option<Row>) {
    queue().draw(row);
    MORE.notify_one();
}

/// For the sidecar: never wait for the reader of stdout from now on.
pub(super) fn never_wait() {
    NEVER_WAITS.store(true, Ordering::Relaxed);
}

/// Ends the program's output. A reader that reads gets all of it.
pub(super) fn end() {
    outbox::flush(PATIENCE);
}

/// Prints on stdout. A closed stdout must not stop a restart half way.
pub(super) fn say(text: &str) {
    show(Line::Out(text.to_owned()), true);
}

/// Prints one line on stderr.
pub(super) fn complain(text: &str) {
    show(Line::Err(format!("agent: {text}\n")), true);
}

/// Prints progress on stdout. It is left out if the reader is too slow.
pub(super) fn print_progress(text: &str) {
    show(Line::Out(text.to_owned()), false);
}

/// Prints progress as one JSON object on one line of stderr.
pub(super) fn print_progress_json(object: &serde_json::Value) {
    show(Line::Err(format!("{object}\n")), false);
}

/// The writer of the log.
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes).into_owned();
        show(Line::Err(line), false);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show(line: Line, must: bool) {
    let apart = match line {
        Line::Out(_) => false,
        Line::Err(_) => !is_one_terminal(),
    };
    let mut queue = queue();
    if queue.is_taken && !apart {
        queue.put(line, must);
        MORE.notify_one();
        return;
    }
    let is_at_work = queue.is_taken || NEVER_WAITS.load(Ordering::Relaxed);
    drop(queue);
    match line {
        // This command has no operation under way that a wait could block.
        Line::Err(_) if must && !is_at_work => {
            outbox::flush(PATIENCE);
            write(&line);
        }
        Line::Out(_) if !is_at_work => write(&line),
        Line::Err(text) => outbox::put(Stream::Err, text.into_bytes(), must),
        Line::Out(text) => outbox::put(Stream::Out, text.into_bytes(), must),
    }
}

/// Whether stderr goes to the terminal that shows the row.
fn is_one_terminal() -> bool {
    is_live() && io::stderr().is_terminal()
}

fn write(line: &Line) {
    let _ = match line {
        Line::Out(text) => to(&mut io::stdout().lock(), text),
        Line::Err(text) => to(&mut io::stderr().lock(), text),
    };
}

fn to(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Shows lines until the queue is closed and empty.
fn keep_showing() {
    // The lines that the row takes on the terminal.
    let mut drawn = 0;
    while let Some(Frame { lines, row }) = next() {
        // One write to stdout, so that the terminal never shows half a frame.
        let mut out = wipe(drawn);
        for line in lines {
            match line {
                Line::Out(text) => out += &text,
                Line::Err(_) => {
                    write(&Line::Out(std::mem::take(&mut out)));
                    write(&line);
                }
            }
        }
        let row = row.map_or_else(String::new, |row| row.text(columns()));
        drawn = row.lines().count();
        write(&Line::Out(out + &row));
    }
}

/// Removes the row, and moves the cursor to its begin.
fn wipe(drawn: usize) -> String {
    match drawn {
        0 => String::new(),
        lines => format!("\r\x1b[2K{}", "\x1b[1A\x1b[2K".repeat(lines - 1)),
    }
}

fn next() -> Option<Frame> {
    let mut queue = queue();
    loop {
        if let Some(frame) = queue.take() {
            return Some(frame);
        }
        if queue.is_over() {
            return None;
        }
        queue = match queue.has_row() {
            false => MORE.wait(queue).unwrap_or_else(PoisonError::into_inner),
            true => {
                let waited = MORE.wait_timeout(queue, TICK);
                let (mut queue, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                if waited.timed_out() {
                    queue.tick();
                }
                queue
            }
        };
    }
}
