//! Wraps text for a terminal.

use std::borrow::Cow;
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

/// Columns that every terminal has.
pub const WIDTH: usize = 80;

/// Words behind a head, on lines of [`WIDTH`] columns. Lines after the first begin under its
/// words, or at column 9 if that leaves no room. A wider word stays whole.
pub fn wrapped(head: &str, words: &str) -> Vec<String> {
    let indent = match display_width(head) {
        wide if wide > WIDTH / 3 => 9,
        indent => indent,
    };
    let words: Vec<&str> = words.split_whitespace().collect();
    lines(&words.join(" "), head, &" ".repeat(indent))
}

/// Words on lines of [`WIDTH`] columns, the first and the others behind their indents. A wider
/// word stays whole. Without words it is the first indent alone, which may be a head.
pub fn lines(text: &str, first: &str, others: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return vec![first.trim_end().to_owned()];
    }
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(Cow::into_owned).collect()
}
