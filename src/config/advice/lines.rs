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

/// A line before its comment, and the comment with the spaces before it. A `#` in quotes begins none,
/// nor does one within a word. In quotes without an end it may begin one.
pub(crate) fn comment(line: &str) -> (&str, &str) {
    let (mut quote, mut before, mut quoted) = (None, ' ', line.len());
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => {
                return line.split_at(line[..at].trim_end().len());
            }
            (None, '"' | '\'') => (quote, quoted) = (Some(c), line.len()),
            (Some(_), '#') if before.is_whitespace() => quoted = quoted.min(at),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    match quote {
        Some(_) if quoted < line.len() => line.split_at(line[..quoted].trim_end().len()),
        _ => (line, ""),
    }
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

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn a_comment_begins_behind_a_space_and_in_no_quotes() {
        for (line, code, rest) in [
            ("keep = 10m # warm", "keep = 10m", " # warm"),
            (
                "keep = \"10m\"\t# it's warm",
                "keep = \"10m\"",
                "\t# it's warm",
            ),
            ("reason = \"a # b\"", "reason = \"a # b\"", ""),
            ("keep = \"10m # warm", "keep = \"10m", " # warm"),
            ("host = a#b", "host = a#b", ""),
            ("# whole", "", "# whole"),
        ] {
            assert_eq!(comment(line), (code, rest));
        }
    }
}
