//! Common edits of lines and headers.

use super::fix::{Edit, Fix};
use super::lines::headers;
use std::ops::Range;

/// Adds lines at the end of the text, which may lack its last newline.
pub(crate) fn append(text: &str, lines: &str) -> Fix {
    let newline = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    Fix::one(text.len()..text.len(), format!("{newline}{lines}"))
}

/// Turns lines into comments.
pub(crate) fn comment_out(text: &str, lines: Range<usize>) -> Fix {
    let commented = text[lines.clone()].trim_end_matches('\n');
    let all: Vec<String> = commented.lines().map(|line| format!("#{line}")).collect();
    Fix::one(lines.start..lines.start + commented.len(), all.join("\n"))
}

/// Gives each header of this name, and of the tables in it, another name: `[old.x]`, `[new.x]`.
pub(crate) fn rename(text: &str, old: &str, new: &str, doubled: bool) -> Fix {
    let inner = format!("{old}.");
    let edits = headers(text).filter_map(|(line, name)| {
        let rest = if name == old {
            ""
        } else {
            name.strip_prefix(&inner)?
        };
        let header = match (rest.is_empty(), doubled) {
            (true, true) => format!("[[{new}]]"),
            (true, false) => format!("[{new}]"),
            (false, _) => format!("[{new}.{rest}]"),
        };
        let at = line.start..line.start + text[line].trim_end().len();
        Some(Edit { at, text: header })
    });
    Fix::of(edits.collect())
}
