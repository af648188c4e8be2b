//! Puts other files into the text of the page: which places of HTML and CSS name a file that a browser
//! fetches. Reads no file itself.

mod css;
mod html;
mod reference;

pub(super) use css::urls;
pub(super) use html::{Found, Spot, escaped, spots};
pub(super) use reference::Reference;

use std::ops::Range;

/// The text, with these parts replaced, which are in order.
pub(super) fn replace(text: &str, parts: Vec<(Range<usize>, String)>) -> String {
    let mut replaced = String::new();
    let mut rest = 0;
    for (at, part) in parts {
        replaced += &text[rest..at.start];
        replaced += &part;
        rest = at.end;
    }
    replaced + &text[rest..]
}

#[cfg(test)]
mod tests;
