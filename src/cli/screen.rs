//! The terminal: one line that is drawn anew in place, and lines that stay above it. All that
//! is written while it stands goes through here, logs too, or it would be torn.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

/// Hidden, until a line is drawn.
static LINES: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::hidden()));

/// Somebody looks at stdout, at a place where lines can be drawn anew.
pub(super) fn is_live() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Draws this line from now on.
pub(super) fn draw(line: ProgressBar) -> ProgressBar {
    LINES.set_draw_target(ProgressDrawTarget::stdout());
    LINES.add(line)
}

/// Writes while no line is drawn.
fn above<T>(write: impl FnOnce() -> T) -> T {
    LINES.suspend(write)
}

/// Prints on stdout. A reader that has gone away must not stop a restart half way.
pub(super) fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = above(|| {
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
    });
}

/// One line on stderr.
pub(super) fn complain(text: &str) {
    let _ = writeln!(Stderr, "agent: {text}");
}

/// One JSON object on one line of stderr.
pub(super) fn tell_machine(object: &serde_json::Value) {
    let _ = writeln!(Stderr, "{object}");
}

/// Where the log's lines go.
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
