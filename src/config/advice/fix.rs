//! A change of the configuration's text, and how to describe it to the operator.

use super::lines::{line_at, line_number};
use std::fmt;
use std::ops::Range;

/// New text in place of a range. An empty range inserts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

/// Edits that do not overlap, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fix(Vec<Edit>);

impl Fix {
    pub(crate) fn one(at: Range<usize>, text: impl Into<String>) -> Fix {
        Fix::of(vec![Edit {
            at,
            text: text.into(),
        }])
    }

    pub(crate) fn of(mut edits: Vec<Edit>) -> Fix {
        edits.sort_by_key(|edit| edit.at.start);
        Fix(edits)
    }

    pub(crate) fn and(mut self, edit: Edit) -> Fix {
        self.0.push(edit);
        Fix::of(self.0)
    }

    /// The text with the fix, and the places of the edits in it.
    pub(crate) fn apply(&self, text: &str) -> (String, Vec<Range<usize>>) {
        let (mut new, mut places, mut from) = (String::new(), Vec::new(), 0);
        for edit in &self.0 {
            new.push_str(text.get(from..edit.at.start).unwrap_or_default());
            let start = new.len();
            new.push_str(&edit.text);
            places.push(start..new.len());
            from = edit.at.end;
        }
        new.push_str(&text[from..]);
        (new, places)
    }

    /// What to do, a step for each edit. The last lines come first: the numbers stay right.
    pub(crate) fn steps(&self, text: &str) -> Vec<Step> {
        self.0.iter().rev().map(|edit| step(text, edit)).collect()
    }
}

/// One step for the operator: what to do, and the lines to write.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// The place, as an instruction.
    pub what: String,
    /// Lines that can be pasted there.
    pub lines: Vec<String>,
}

/// On one line.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.lines.join(" / "))
    }
}

fn step(text: &str, edit: &Edit) -> Step {
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let is_whole = edit.at.start == line_at(text, edit.at.start).start;
    let number = line_number(text, edit.at.start);
    if is_whole && edit.text.is_empty() {
        let what = format!("remove line {number}");
        return Step {
            what,
            lines: Vec::new(),
        };
    }
    if is_whole && edit.at.is_empty() && (edit.text.ends_with('\n') || edit.at.end == text.len()) {
        let what = match number {
            _ if edit.at.start == text.len() => "add at the end:".to_owned(),
            1 => "add above line 1:".to_owned(),
            _ => format!("add below line {}:", number - 1),
        };
        return Step {
            what,
            lines: lines(edit.text.trim_start_matches('\n')),
        };
    }
    let (first, last) = (line_at(text, edit.at.start), line_at(text, edit.at.end));
    let before = &text[first.start..edit.at.start];
    let new = format!("{before}{}{}", edit.text, &text[edit.at.end..last.end]);
    let what = match line_number(text, edit.at.end) {
        end if end == number => format!("write in place of line {number}:"),
        end => format!("write in place of lines {number} to {end}:"),
    };
    Step {
        what,
        lines: lines(new.trim_start_matches('\u{feff}')),
    }
}
