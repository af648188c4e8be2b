//! The terminal: a row that is drawn anew in place, and lines that stay above it.
//!
//! A thread of its own writes both, and nobody waits for it: a terminal that is stopped
//! (Ctrl-S), slow or gone must not keep a restart from going on. (Progress bars of the usual
//! libraries write in the caller's thread, and panic where the terminal is gone.) All that is
//! written meanwhile goes through here, logs too, or the row would be torn.

use console::style;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two drawings of the clock, whatever else moves.
const TICK: Duration = Duration::from_millis(100);

/// What the terminal may be behind: what comes then is not shown.
const BEHIND: usize = 256;

/// In the end the terminal is given this long to show all.
const TO_END: Duration = Duration::from_millis(500);

/// Who draws; None: nobody, and lines are written as they come.
static DRAWING: Mutex<Option<Drawing>> = Mutex::new(None);

struct Drawing {
    to: SyncSender<Shown>,
    /// Hung up when the thread has ended.
    ended: Receiver<()>,
}

enum Shown {
    Out(String),
    Err(String),
    Row(Option<Row>),
}

/// What is under way: `web  close      1.2 s of 30s  srvs/web1 is UP 1/2`.
#[derive(Clone)]
pub(super) struct Row {
    /// The app.
    pub(super) app: String,
    /// The phase.
    pub(super) phase: &'static str,
    /// When it began.
    pub(super) since: Instant,
    /// How long it may take.
    pub(super) limit: String,
    /// What is waited for; its first line stands behind the clock.
    pub(super) what: String,
}

impl Row {
    /// Columns before what is waited for.
    pub(super) fn head(&self) -> usize {
        self.app.len() + "  drain       0.0 s of   ".len() + self.limit.len()
    }

    fn text(&self) -> String {
        let phase = style(format!("{:8}", self.phase)).bold();
        let passed = self.since.elapsed().as_secs_f64();
        let Row {
            app, limit, what, ..
        } = self;
        format!("{app}  {phase} {passed:6.1} s of {limit}  {what}")
    }
}

/// Somebody looks at stdout, at a place where lines can be drawn anew.
pub(super) fn is_live() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Draws this row from now on.
pub(super) fn draw(row: Row) {
    let mut drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let drawing = drawing.get_or_insert_with(|| {
        let (to, shown) = sync_channel(BEHIND);
        let (ending, ended) = sync_channel(0);
        thread::spawn(move || {
            keep_drawing(&shown);
            drop(ending);
        });
        Drawing { to, ended }
    });
    let _ = drawing.to.try_send(Shown::Row(Some(row)));
}

/// No row any more: waits, but not for long, until all is shown.
pub(super) fn end() {
    let drawing = DRAWING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(Drawing { to, ended }) = drawing {
        let _ = to.try_send(Shown::Row(None));
        drop(to);
        let _ = ended.recv_timeout(TO_END);
    }
}

/// Prints on stdout. A reader that has gone away must not stop a restart half way.
pub(super) fn say(text: &str) {
    show(Shown::Out(text.to_owned()));
}

/// One line on stderr.
pub(super) fn complain(text: &str) {
    show(Shown::Err(format!("agent: {text}\n")));
}

/// One JSON object on one line of stderr.
pub(super) fn tell_machine(object: &serde_json::Value) {
    show(Shown::Err(format!("{object}\n")));
}

/// Where the log's lines go.
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        show(Shown::Err(String::from_utf8_lossy(bytes).into_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn show(shown: Shown) {
    let drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let left = match &*drawing {
        None => Some(shown),
        Some(drawing) => match drawing.to.try_send(shown) {
            Err(TrySendError::Disconnected(shown)) => Some(shown),
            Ok(()) | Err(TrySendError::Full(_)) => None,
        },
    };
    drop(drawing);
    left.iter().for_each(write);
}

fn write(shown: &Shown) {
    let _ = match shown {
        Shown::Out(text) => to(&mut io::stdout().lock(), text),
        Shown::Err(text) => to(&mut io::stderr().lock(), text),
        Shown::Row(_) => Ok(()),
    };
}

fn to(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Until nobody sends any more.
fn keep_drawing(shown: &Receiver<Shown>) {
    let mut row: Option<Row> = None;
    // Lines that the row takes now, and is wiped off by.
    let mut lines = 0;
    loop {
        let next = shown.recv_timeout(TICK);
        let wipe = match lines {
            0 => String::new(),
            lines => format!("\r\x1b[2K{}", "\x1b[1A\x1b[2K".repeat(lines - 1)),
        };
        match next {
            Ok(Shown::Row(now)) => row = now,
            Ok(other) => {
                write(&Shown::Out(wipe.clone()));
                lines = 0;
                write(&other);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return write(&Shown::Out(wipe)),
        }
        let text = row.as_ref().map(Row::text).unwrap_or_default();
        let wipe = if lines == 0 { String::new() } else { wipe };
        write(&Shown::Out(format!("{wipe}{text}")));
        lines = text.lines().count();
    }
}
