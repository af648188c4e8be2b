//! The addresses in a style sheet: `url(logo.png)`, `url("logo.png")` and `@import "more.css"`.

use std::ops::Range;

/// Where each address is, without its quotes. Those in comments do not count.
pub(in crate::page) fn urls(css: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = css.get(at..) {
        let taken = if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if let Some(length) = opens(rest) {
            let value = address(css, at + length);
            let end = value.end;
            found.push(value);
            end - at
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += taken.max(1);
    }
    found
}

/// The length of what comes before an address. None: none begins here.
fn opens(css: &str) -> Option<usize> {
    let has = |word: &str| {
        css.get(..word.len())?
            .eq_ignore_ascii_case(word)
            .then_some(word.len())
    };
    if let Some(length) = has("url(") {
        return Some(length);
    }
    let length = has("@import")?;
    // `@import url(...)` is found by its `url(`.
    css[length..]
        .trim_start()
        .starts_with(['"', '\''])
        .then_some(length)
}

/// The address from here on, which a quote may surround.
fn address(css: &str, from: usize) -> Range<usize> {
    let rest = &css[from..];
    let start = from + (rest.len() - rest.trim_start().len());
    let rest = &css[start..];
    let (start, ends) = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => (start + 1, quote),
        _ => (start, ')'),
    };
    let length = css[start..].find(ends).unwrap_or(css.len() - start);
    start..start + css[start..start + length].trim_end().len()
}
