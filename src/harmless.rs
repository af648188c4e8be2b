//! What others have written, made harmless to print: on one line, in the order in which it is
//! written, and nothing in it that a terminal obeys.

/// With what is hidden as Rust writes it, `\\u{1b}`.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
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
    fn what_is_hidden_is_shown() {
        for (text, shown) in [
            ("a b: c", "a b: c"),
            ("z\u{fc}rich \u{4e2d}", "z\u{fc}rich \u{4e2d}"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\t", "a\\nb\\t"),
            ("gpj.\u{202e}x", "gpj.\\u{202e}x"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
