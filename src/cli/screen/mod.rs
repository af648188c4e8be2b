//! What is shown: lines, and on a terminal under them a row that is drawn anew in place.
//!
//! While an operation is under way a thread of its own writes all of it, whoever reads, and
//! nobody waits for it: a terminal that is stopped (Ctrl-S), a pager that reads no further, a
//! window that is gone must not keep a restart from going on. (Progress bars of the usual
//! libraries write in the caller's thread, and panic where the terminal is gone.)
//!
//! What goes to stderr has an [outbox](crate::outbox) of its own, always: a log that nobody
//! reads keeps neither stdout nor the end of the program waiting. Only where both are one
//! terminal it goes through here, or the row would be torn. The sidecar's stdout has one, too.

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

/// Between two drawings of the row: its clock moves.
const TICK: Duration = Duration::from_millis(100);

static QUEUE: Mutex<Queue> = Mutex::new(Queue::new());
/// There is more to show.
static MORE: Condvar = Condvar::new();

/// Nobody waits for a reader of stdout, not even in the end.
static NEVER_WAITS: AtomicBool = AtomicBool::new(false);

/// What a reader gets in the end, who may not read any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// As long as this is there, nobody who tells something waits until it is shown.
pub(super) struct Showing(Option<JoinHandle<()>>);

/// Nobody waits from now on. Without a thread (there may be too many) lines are written as
/// they come.
pub(super) fn begin() -> Showing {
    let thread = thread::Builder::new().name("screen".to_owned());
    let thread = thread.spawn(keep_showing).ok();
    queue().is_taken = thread.is_some();
    Showing(thread)
}

impl Drop for Showing {
    /// All is done, and what was told is waited for: nothing is lost that has a reader.
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            queue().end();
            MORE.notify_one();
            let _ = thread.join();
        }
    }
}

/// Somebody looks at stdout, at a place where lines can be drawn anew.
pub(super) fn is_live() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// With NO_COLOR there is no colour, even where CLICOLOR_FORCE asks for it.
pub(super) fn heed_no_color() {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        console::set_colors_enabled(false);
        console::set_colors_enabled_stderr(false);
    }
}

/// Draws this row from now on, or none.
pub(super) fn draw(row: Option<Row>) {
    queue().draw(row);
    MORE.notify_one();
}

/// The sidecar's: from now on nobody waits for a reader of stdout, either.
pub(super) fn never_wait() {
    NEVER_WAITS.store(true, Ordering::Relaxed);
}

/// The end of the program: a reader who reads gets all of it.
pub(super) fn end() {
    outbox::flush(PATIENCE);
}

/// Prints on stdout. A reader that has gone away must not stop a restart half way.
pub(super) fn say(text: &str) {
    show(Line::Out(text.to_owned()), true);
}

/// One line on stderr.
pub(super) fn complain(text: &str) {
    show(Line::Err(format!("agent: {text}\n")), true);
}

/// On stdout, how it goes: where nobody reads that, it is left out.
pub(super) fn tell(text: &str) {
    show(Line::Out(text.to_owned()), false);
}

/// The same, as one JSON object on one line of stderr.
pub(super) fn tell_machine(object: &serde_json::Value) {
    show(Line::Err(format!("{object}\n")), false);
}

/// Where the log's lines go.
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
        // Of a command that has nothing to keep waiting.
        Line::Err(_) if must && !is_at_work => {
            outbox::flush(PATIENCE);
            write(&line);
        }
        Line::Out(_) if !is_at_work => write(&line),
        Line::Err(text) => outbox::put(Stream::Err, text.into_bytes(), must),
        Line::Out(text) => outbox::put(Stream::Out, text.into_bytes(), must),
    }
}

/// Stderr goes to where the row is drawn.
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

/// Until all is shown, and nothing more comes.
fn keep_showing() {
    // Lines that the row takes now.
    let mut drawn = 0;
    while let Some(Frame { lines, row }) = next() {
        // What goes to stdout at once: nobody sees a terminal half drawn.
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

/// The row goes, and the cursor stands where it began.
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
