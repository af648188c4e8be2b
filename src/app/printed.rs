//! What a command prints: each line in the log while it runs (`-v`), and the last lines for the
//! report.

use crate::text::escape;
use std::sync::{Arc, Mutex, PoisonError};

/// A report keeps this many lines, each of at most this many characters.
const LINES: usize = 20;
const LONGEST: usize = 200;
/// Lines in the log for one read: a flood of them is of no use.
const AT_ONCE: usize = 50;

/// The last lines that a command printed. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    /// The lines so far, or all of them after its end. Safe for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.lock();
        lines.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the end of the output.
    pub(super) fn set(&self, tail: &[u8]) {
        let text = String::from_utf8_lossy(tail);
        let lines: Vec<&str> = split(&text).collect();
        let last = lines[lines.len().saturating_sub(LINES)..].iter();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = last.map(|line| shown(line)).collect();
    }
}

/// The lines of the output in the log, if there is a place for the last ones.
pub(super) struct Live {
    printed: Option<Printed>,
    /// The line that is not complete.
    line: Vec<u8>,
}

impl Live {
    pub(super) fn new(printed: Option<Printed>) -> Live {
        let line = Vec::new();
        Live { printed, line }
    }

    /// Logs the lines that are complete.
    pub(super) fn more(&mut self, bytes: &[u8]) {
        if self.printed.is_none() || !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        self.line.extend_from_slice(bytes);
        let is_end = |byte: &u8| [b'\n', b'\r'].contains(byte);
        if let Some(end) = self.line.iter().rposition(is_end) {
            log(&self.line[..end]);
            self.line.drain(..=end);
        }
        // A line without an end.
        let surplus = self.line.len().saturating_sub(4 * LONGEST);
        self.line.drain(..surplus);
    }

    /// Logs the last line, which may lack its end, and keeps the end of the output.
    pub(super) fn end(&self, tail: &[u8]) {
        log(&self.line);
        if let Some(printed) = &self.printed {
            printed.set(tail);
        }
    }
}

fn log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = split(&text).collect();
    let left_out = lines.len().saturating_sub(AT_ONCE);
    if left_out > 0 {
        tracing::info!("printed: ({left_out} lines are left out)");
    }
    for line in &lines[left_out..] {
        tracing::info!("printed: {}", shown(line));
    }
}

/// A carriage return begins a line, too: progress bars have them.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['\n', '\r']).map(str::trim_end);
    lines.filter(|line| !line.is_empty())
}

fn shown(line: &str) -> String {
    escape(&line.chars().take(LONGEST).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_no_control_character() {
        let printed = Printed::default();
        printed.set(b"10%\r100%\r\nUnpacking \x1b[1mweb\n\nSetting up web (2.1) ...\n");
        let lines = [
            "10%",
            "100%",
            "Unpacking \\u{1b}[1mweb",
            "Setting up web (2.1) ...",
        ];
        assert_eq!(printed.lines(), lines);
        let many: String = (0..1000)
            .map(|n| format!("{n} {}\n", "x".repeat(999)))
            .collect();
        printed.set(many.as_bytes());
        let lines = printed.lines();
        assert_eq!(lines.len(), LINES);
        assert!(lines[LINES - 1].starts_with("999 x"));
        assert!(lines.iter().all(|line| line.len() <= LONGEST));
    }
}
