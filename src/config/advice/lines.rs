//! Lines of a text, and the headers of tables among them.

use std::ops::Range;

/// The line around this place, without its end.
pub(crate) fn line_at(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    start..end
}

/// From 1.
pub(crate) fn line_number(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count() + 1
}

/// The line with its end: what to remove.
pub(crate) fn whole_line(text: &str, at: usize) -> Range<usize> {
    let line = line_at(text, at);
    line.start..(line.end + 1).min(text.len())
}

/// From this header to the next one.
pub(crate) fn section(text: &str, header: usize) -> Range<usize> {
    let start = line_at(text, header).start;
    let next = headers(text).find(|(line, _)| line.start > start);
    start..next.map_or(text.len(), |(line, _)| line.start)
}

/// The lines that are headers, with the name in each.
pub(crate) fn headers(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut from = 0;
    let lines = text.split_inclusive('\n').map(move |line| {
        from += line.len();
        (from - line.len()..from, line)
    });
    lines.filter_map(|(at, line)| {
        let name = line.trim_start_matches('\u{feff}').trim();
        let name = name.strip_prefix('[')?.split('#').next()?.trim();
        Some((at, name.trim_matches(['[', ']', ' '])))
    })
}
