//! Splits one line of an HAProxy configuration as HAProxy does: quotes, escapes and comments
//! (configuration manual, 2.2). The values of variables are not known here.

/// Marks the `$` of a variable, which only double quotes expand (2.3). No text contains this
/// character, so it differs from a literal `$`.
pub(crate) const VARIABLE: char = '\u{fdd0}';

/// Whether its value is not in the file.
pub(crate) fn is_variable(word: &str) -> bool {
    word.contains(VARIABLE)
}

/// The word, as a file may have it.
pub(crate) fn written(word: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !"#'\"\\".contains(c);
    match word {
        word if is_variable(word) => format!("\"{word}\""),
        word if !word.is_empty() && word.chars().all(is_plain) => word.to_owned(),
        word => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The words. Err: what is wrong with the line.
pub(crate) fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\r' | '\n' | '\0', _) => break,
            ('#', None) => break,
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('$', Some('"')) => word.get_or_insert_default().push(VARIABLE),
            ('\\', None | Some('"')) => escape(&mut rest, word.get_or_insert_default())?,
            (c, None) if c.is_ascii_whitespace() || c == '\x0b' => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        None => Ok(words),
        Some(_) => Err("a quote does not end"),
    }
}

/// The character that a backslash escapes; others keep their backslash.
fn escape(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    let mut behind = rest.clone();
    let said = match behind.next() {
        Some(c @ (' ' | '\\' | '#' | '\'' | '"' | '$')) => c,
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('x') => {
            let digits: String = behind.by_ref().take(2).collect();
            let byte = u8::from_str_radix(&digits, 16).ok();
            let byte = byte.filter(|_| digits.len() == 2 && !digits.starts_with('+'));
            char::from(byte.ok_or("\\x wants two hex digits")?)
        }
        _ => {
            word.push('\\');
            return Ok(());
        }
    };
    word.push(said);
    *rest = behind;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{words, written};

    #[test]
    fn quotes_escapes_and_comments() {
        for (line, expected) in [
            ("", vec![]),
            ("  # all of it", vec![]),
            (
                "\tserver web1\u{b}10.0.0.1:80  # one\r",
                vec!["server", "web1", "10.0.0.1:80"],
            ),
            ("a#b c", vec!["a"]),
            ("a '#b' \"c # d\"", vec!["a", "#b", "c # d"]),
            ("a\\ b \\# \\\\ \\q", vec!["a b", "#", "\\", "\\q"]),
            ("'a\\ b' \"x\\\"y\" \"\\$z\"", vec!["a\\ b", "x\"y", "$z"]),
            ("'it'\\''s'", vec!["it's"]),
            ("\"\" ''", vec!["", ""]),
            ("\"${A}:1\" '$A' $A", vec!["\u{fdd0}{A}:1", "$A", "$A"]),
            ("\\x41\\t", vec!["A\t"]),
            ("a \"b\rc", vec![]),
        ] {
            let read = words(line);
            match expected.is_empty() && line.contains('"') {
                true => assert_eq!(read, Err("a quote does not end")),
                false => assert_eq!(read.unwrap(), expected, "{line}"),
            }
        }
        assert!(words("'a").is_err() && words("\\xg0").is_err() && words("\\x+1").is_err());
        assert!(words("\\x4").is_err());
    }

    #[test]
    fn a_written_word_is_read_as_the_same() {
        for word in ["a", "", "a b", "it's #1 \\ $A", "\"", "\u{fdd0}{A}:1"] {
            let text = written(word).replace('\u{fdd0}', "$");
            assert_eq!(words(&text).unwrap(), [word], "{text}");
        }
    }
}
