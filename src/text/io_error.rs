//! Errors of the system, for a sentence.

use std::io;

/// An I/O error in a few plain words: "connection refused", not "Connection refused (os error
/// 111)".
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or(&text);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
