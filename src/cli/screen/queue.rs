//! The lines that are not shown yet. The queue has bounds, however long the reader pauses.

use super::Row;
use crate::outbox::{Bounded, Next};
use std::mem::take;

/// The most lines that may wait for the reader. Beyond that, lines of progress are left out.
const BEHIND: usize = 256;

/// A text to write, with its line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Out(String),
    Err(String),
}

/// The next lines to write, and the row under them.
pub(super) struct Frame {
    pub(super) lines: Vec<Line>,
    pub(super) row: Option<Row>,
}

pub(super) struct Queue {
    /// A thread takes the lines.
    pub(super) is_taken: bool,
    lines: Bounded<Line>,
    row: Option<Row>,
    /// The row must be redrawn.
    is_due: bool,
    ends: bool,
}

impl Queue {
    pub(super) const fn new() -> Queue {
        Queue {
            is_taken: false,
            lines: Bounded::new(BEHIND),
            row: None,
            is_due: false,
            ends: false,
        }
    }

    /// Adds a line. A line that `must` be shown, such as an outcome, is not left out.
    pub(super) fn put(&mut self, line: Line, must: bool) {
        let (Line::Out(text) | Line::Err(text)) = &line;
        let bytes = text.len();
        self.lines.put(line, bytes, must);
    }

    /// Sets the row. Only the last one is shown.
    pub(super) fn draw(&mut self, row: Option<Row>) {
        self.is_due |= row.is_some() || self.row.is_some();
        self.row = row;
    }

    pub(super) fn has_row(&self) -> bool {
        self.row.is_some()
    }

    /// Redraws the row, because its clock has moved.
    pub(super) fn tick(&mut self) {
        self.is_due = true;
    }

    /// Closes the queue: no more lines are added.
    pub(super) fn end(&mut self) {
        self.draw(None);
        self.ends = true;
    }

    /// Takes the next frame. None if nothing is new.
    pub(super) fn take(&mut self) -> Option<Frame> {
        let lines: Vec<Line> = std::iter::from_fn(|| self.lines.take())
            .map(shown)
            .collect();
        let is_due = take(&mut self.is_due);
        (is_due || !lines.is_empty()).then(|| Frame {
            lines,
            row: self.row.clone(),
        })
    }

    /// Whether the queue is closed. From now on no thread takes lines.
    pub(super) fn is_over(&mut self) -> bool {
        let is_over = take(&mut self.ends);
        self.is_taken &= !is_over;
        is_over
    }
}

fn shown(next: Next<Line>) -> Line {
    match next {
        Next::Item(line) => line,
        Next::Dropped(count) => Line::Err(format!(
            "agent: lines left out here: {count}; the reader was too slow\n"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn line(number: usize) -> Line {
        Line::Out(format!("{number}\n"))
    }

    fn row() -> Option<Row> {
        Some(Row {
            app: "web".to_owned(),
            phase: "drain",
            since: Instant::now(),
            limit: "1m".to_owned(),
            what: String::new(),
        })
    }

    #[test]
    fn a_paused_reader_loses_lines_and_no_outcome() {
        let mut queue = Queue::new();
        (0..BEHIND + 3).for_each(|number| queue.put(line(number), false));
        queue.put(line(9000), true);
        queue.put(line(9001), false);
        let lines = queue.take().expect("lines").lines;
        assert_eq!(lines[BEHIND - 1], line(BEHIND - 1));
        let left_out = |count| {
            Line::Err(format!(
                "agent: lines left out here: {count}; the reader was too slow\n"
            ))
        };
        let rest = [left_out(3), line(9000), left_out(1)];
        assert_eq!(lines[BEHIND..], rest);
        queue.put(line(1), false);
        assert_eq!(
            queue.take().expect("a line").lines,
            [line(1)],
            "reported once"
        );
    }

    #[test]
    fn a_row_takes_no_room_and_is_drawn_when_it_moves() {
        let mut queue = Queue::new();
        assert!(queue.take().is_none());
        (0..9 * BEHIND).for_each(|_| queue.draw(row()));
        queue.put(line(1), false);
        let frame = queue.take().expect("a row");
        assert!(frame.row.is_some() && frame.lines == [line(1)]);
        assert!(queue.take().is_none(), "nothing has moved");
        queue.tick();
        assert!(queue.take().is_some_and(|frame| frame.row.is_some()));
    }

    #[test]
    fn in_the_end_the_row_goes_and_all_lines_are_taken() {
        let mut queue = Queue::new();
        queue.is_taken = true;
        queue.draw(row());
        queue.take().expect("a row");
        queue.put(line(1), true);
        queue.end();
        let last = queue.take().expect("the last");
        assert!(last.row.is_none() && last.lines == [line(1)]);
        assert!(queue.take().is_none() && queue.is_over() && !queue.is_taken);
    }
}
