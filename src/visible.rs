//! What others have named or written, made harmless before it is shown: a terminal obeys
//! control characters, and a line end in a name would begin a line of ours.

/// The same text on one line, in the order in which it is written: what can't be seen, or turns
/// the text, stands there as it is written in a program, `\u{1b}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_debug()),
            false => shown.push(c),
        }
    }
    shown
}

/// Controls, and what turns the direction of the text or has no width.
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
            assert_eq!(visible(text), shown);
        }
    }
}
