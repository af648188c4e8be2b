//! Escapes names and texts of others before they are shown: a terminal obeys control characters,
//! and a line end in a name would begin a line of ours.

/// The same text on one line, in the order in which it is written. A character that is invisible,
/// or turns the direction of the text, becomes an escape like `\u{1b}`.
pub fn escape(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_debug()),
            false => shown.push(c),
        }
    }
    shown
}

/// On one line, [escaped](escape), and no longer than that.
pub fn escape_within(text: &str, longest: usize) -> String {
    let shown = escape(&text.chars().take(longest + 1).collect::<String>());
    match shown.char_indices().nth(longest) {
        None => shown,
        Some(_) => shown
            .chars()
            .take(longest - 3)
            .chain("...".chars())
            .collect(),
    }
}

/// Whether there is a control character in it. A parser rejects a name that has one.
pub fn has_control(text: &str) -> bool {
    text.contains(char::is_control)
}

/// Control characters, and those that turn the direction of the text or have no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_is_obeyed() {
        for (text, shown) in [
            ("a disk swap", "a disk swap"),
            ("<b>ümlaut</b>", "<b>ümlaut</b>"),
            ("a\nb\x1b[2J", "a\\nb\\u{1b}[2J"),
            ("a\u{202e}b\u{9b}c", "a\\u{202e}b\\u{9b}c"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }

    #[test]
    fn what_others_have_written_is_visible_and_bounded() {
        assert_eq!(escape_within("a\nb\x1b[2J", 50), "a\\nb\\u{1b}[2J");
        assert_eq!(escape_within("aaaaaaaaaa", 10), "aaaaaaaaaa");
        assert_eq!(escape_within("aaaaaaaaaaa", 10), "aaaaaaa...");
        assert_eq!(escape_within("\n\n\n\n\n\n", 10), "\\n\\n\\n\\...");
    }
}
