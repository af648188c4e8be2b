//! Splits one line of an HAProxy configuration as HAProxy does: quotes, escapes, comments and
//! variables (configuration manual, 2.2 and 2.3; HAProxy's `parse_line`).

use super::environment::{Environment, Value};

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
pub(crate) fn words(line: &str, environment: &Environment) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    // Quotes without anything between them are a word, too.
    let mut empty = false;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\r' | '\n' | '\0', _) => break,
            ('#', None) => break,
            (c, Some(open)) if c == open => {
                quote = None;
                if empty {
                    word.get_or_insert_default();
                }
            }
            ('"' | '\'', None) => (quote, empty) = (Some(c), true),
            ('$', Some('"')) => {
                let variable = Variable::read(&mut rest)?;
                empty &= !variable.splits;
                variable.expand(environment, &mut words, &mut word);
            }
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

/// The names of the variables in a word.
pub(crate) fn variables(word: &str) -> impl Iterator<Item = &str> {
    let after = word.split(VARIABLE).skip(1);
    after.map(|text| {
        let text = text.strip_prefix('{').unwrap_or(text);
        let end = text.find(|c: char| !is_of_name(c));
        &text[..end.unwrap_or(text.len())]
    })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `$NAME`, `${NAME}`, `${NAME-default}` or `${NAME[*]}`.
struct Variable {
    name: String,
    default: Option<String>,
    /// `[*]`: the value is several words.
    splits: bool,
    /// All of it, without the dollar.
    text: String,
}

impl Variable {
    /// Reads what is behind the dollar.
    fn read(rest: &mut std::str::Chars<'_>) -> Result<Variable, &'static str> {
        let all = rest.as_str();
        let braced = all.strip_prefix('{');
        let from = braced.unwrap_or(all);
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '.';
        if !from.starts_with(is_first) {
            return Err("no variable's name begins so");
        }
        let end = from[1..].find(|c| !is_of_name(c));
        let (name, mut tail) = from.split_at(end.map_or(from.len(), |end| end + 1));
        let (mut default, mut splits) = (None, false);
        if braced.is_some() {
            if tail.starts_with('[') {
                tail = tail.strip_prefix("[*]").ok_or("[*] is not whole")?;
                splits = true;
            }
            let (value, behind) = tail.split_once('}').ok_or("a brace does not end")?;
            default = value.strip_prefix('-').map(str::to_owned);
            if default.is_none() && !value.is_empty() {
                return Err("a brace does not end");
            }
            tail = behind;
        }
        *rest = tail.chars();
        Ok(Variable {
            name: name.to_owned(),
            default,
            splits,
            text: all[..all.len() - tail.len()].to_owned(),
        })
    }

    fn expand(self, environment: &Environment, words: &mut Vec<String>, word: &mut Option<String>) {
        let value = match (environment.value(&self.name), self.default) {
            (Value::Set(value), _) => value.to_owned(),
            (Value::Unset, default) => default.unwrap_or_default(),
            (Value::Unknown, _) => {
                *word.get_or_insert_default() += &format!("{VARIABLE}{}", self.text);
                return;
            }
        };
        if !self.splits {
            word.get_or_insert_default().push_str(&value);
            return;
        }
        for c in value.chars() {
            match c.is_ascii_whitespace() {
                true => words.extend(word.take()),
                false => word.get_or_insert_default().push(c),
            }
        }
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
    use super::{Environment, VARIABLE, variables, written};

    fn words(line: &str) -> Result<Vec<String>, &'static str> {
        super::words(line, &Environment::default())
    }

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

    /// As HAProxy splits them.
    #[test]
    #[rustfmt::skip]
    fn variables_that_the_file_sets_are_expanded() {
        let mut environment = Environment::default();
        for line in [["setenv", "A", "1"], ["setenv", "L", "x  y"]] {
            environment.read(&line);
        }
        environment.read(&["unsetenv", "U"]);
        for (line, expected) in [
            ("\"$A\" \"${A}\" \"${A-2}\" \"a${A}b$A\"", Ok(vec!["1", "1", "1", "a1b1"])),
            ("$A ${A} '$A' \"\\$A\"", Ok(vec!["$A", "${A}", "$A", "$A"])),
            ("\"$L\"", Ok(vec!["x  y"])),
            ("\"${L[*]}\"", Ok(vec!["x", "y"])),
            ("a\"${L[*]}\"b", Ok(vec!["ax", "yb"])),
            ("a\"${A[*]}\"b", Ok(vec!["a1b"])),
            ("\"${U[*]}\" \"${U[*]-v w}\"", Ok(vec!["v", "w"])),
            ("\"$U\" \"${U-}\" \"${U-d e}\"", Ok(vec!["", "", "d e"])),
            ("\"$A-2\" \"$A[*]\" \"$A.b\"", Ok(vec!["1-2", "1[*]", "1.b"])),
            ("\"$N\" \"${N-7}\" \"${N[*]}\" \"${.LINE}\"", Ok(vec!["\u{fdd0}N", "\u{fdd0}{N-7}", "\u{fdd0}{N[*]}", "\u{fdd0}{.LINE}"])),
            ("\"a$\"", Err("no variable's name begins so")),
            ("\"${1}\"", Err("no variable's name begins so")),
            ("\"${A\"", Err("a brace does not end")),
            ("\"${A b}\"", Err("a brace does not end")),
            ("\"${A[1]}\"", Err("[*] is not whole")),
        ] {
            let read = super::words(line, &environment);
            assert_eq!(read, expected.map(|words| words.into_iter().map(str::to_owned).collect()), "{line}");
        }
        let word = format!("a{VARIABLE}{{B-{VARIABLE}C}}:{VARIABLE}D1.2");
        assert_eq!(variables(&word).collect::<Vec<_>>(), ["B", "C", "D1"]);
    }
}
