//! What a line that is no TOML may have been meant as. Each candidate is tried before it is shown.

use super::edits::comment_out;
use super::fix::Fix;
use super::lines::{comment as comment_of, line_at};
use std::ops::Range;

type Rewrite = fn(&str) -> Option<String>;

/// Other habits: YAML, ini files, shells, word processors, and what is forgotten in a hurry.
const REWRITES: [Rewrite; 18] = [
    yaml,
    quotes,
    comment,
    separator,
    no_end,
    doubled,
    header,
    spaced,
    key,
    word,
    number,
    commas,
    quoted,
    literal,
    |line| closed(line, "\""),
    |line| closed(line, "]"),
    |line| closed(line, "}"),
    |line| closed(line, "\"]"),
];

/// The line of the mistake and the one before it, with one rewrite or two.
pub(crate) fn candidates(text: &str, at: &Range<usize>) -> Vec<Fix> {
    let line = line_at(text, at.start);
    let before = text[..line.start].trim_end();
    let lines = [line.clone(), line_at(before, before.len())];
    let lines = lines
        .into_iter()
        .filter(|line| !text[line.clone()].trim().is_empty());
    let mut fixes = Vec::new();
    for at in lines {
        let content = at.start..at.start + text[at.clone()].trim_end().len();
        let one: Vec<String> = rewritten(&text[content.clone()]);
        let two = one.iter().flat_map(|line| rewritten(line));
        let all = one.iter().cloned().chain(two);
        fixes.extend(all.map(|new| Fix::one(content.clone(), new)));
    }
    fixes.push(comment_out(text, line));
    fixes
}

/// Without its comment first: that is no part of a value.
fn rewritten(line: &str) -> Vec<String> {
    let (code, comment) = comment_of(line);
    let of_code = match comment.is_empty() || code.is_empty() {
        true => Vec::new(),
        false => once(code),
    };
    let of_code = of_code.into_iter().map(|code| code + comment);
    of_code.chain(once(line)).collect()
}

fn once(line: &str) -> Vec<String> {
    REWRITES
        .iter()
        .filter_map(|rewrite| rewrite(line))
        .filter(|new| new != line && (is_even(new) || !is_even(line)))
        .collect()
}

/// Whether each quote has its end.
fn is_even(line: &str) -> bool {
    line.matches('"').count().is_multiple_of(2)
}

/// A table of YAML.
fn yaml(line: &str) -> Option<String> {
    match line.strip_suffix(':')? {
        "app" | "apps" => Some("[app.web]".to_owned()),
        "haproxy" => Some("[[haproxy]]".to_owned()),
        "agent" => Some("[agent]".to_owned()),
        _ => None,
    }
}

fn quotes(line: &str) -> Option<String> {
    let new = line.replace(['“', '”', '„', '‟', '‘', '’', '«', '»', '″'], "\"");
    Some(new.replace('\u{a0}', " "))
}

fn comment(line: &str) -> Option<String> {
    let marks = ["//", ";", "--", "!"];
    let mark = marks
        .iter()
        .find(|mark| line.trim_start().starts_with(**mark))?;
    Some(line.replacen(mark, "#", 1))
}

/// `key: value`, `key value`, `key == value`, `key := value`, `key => value`.
fn separator(line: &str) -> Option<String> {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')?;
    let (key, rest) = line.split_at(end);
    let value = rest.trim_start_matches([' ', '\t', ':', '=', '>']);
    let indent = line.len() - line.trim_start().len();
    (indent == 0 && !key.is_empty() && !value.is_empty()).then(|| format!("{key} = {value}"))
}

fn no_end(line: &str) -> Option<String> {
    Some(line.trim_end_matches([' ', ';', ',']).to_owned())
}

/// `[app.web`, `[app web]`, `[app:web]`, `[app/web]`.
fn header(line: &str) -> Option<String> {
    let name = line
        .trim()
        .trim_start_matches('[')
        .trim_end_matches([']', ':', ' ']);
    let (open, close) = match line.trim().strip_prefix("[[") {
        Some(_) => ("[[", "]]"),
        None => line.trim().strip_prefix('[').map(|_| ("[", "]"))?,
    };
    Some(format!(
        "{open}{}{close}",
        name.replace([' ', ':', '/'], ".").trim_matches('.')
    ))
}

/// `[haproxy]]`.
fn doubled(line: &str) -> Option<String> {
    let line = line.trim();
    let is_half = line.starts_with('[') && line.ends_with("]]") && !line.starts_with("[[");
    is_half.then(|| format!("[{line}"))
}

/// `[app.my web]`.
fn spaced(line: &str) -> Option<String> {
    let is_header = line.trim_start().starts_with('[');
    is_header.then(|| line.trim().replace(' ', "_"))
}

/// A space or another sign in a key.
fn key(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let sound = |c: char| {
        if c.is_ascii_alphanumeric() || "_-.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let key: String = key
        .trim()
        .trim_matches(['"', '\'', '$'])
        .chars()
        .map(sound)
        .collect();
    Some(format!("{key} ={value}"))
}

/// `True`, `yes`, `OFF`.
fn word(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    match value.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(format!("{key}= true")),
        "false" | "no" | "off" => Some(format!("{key}= false")),
        _ => None,
    }
}

/// `01000`, `1,000`, `1 000`.
fn number(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let digits = value.replace([' ', ',', '\''], "");
    let number: i64 = digits.parse().ok()?;
    Some(format!("{key}= {number}"))
}

/// A value, the words of a list, or the values of a table, without quotes.
fn quoted(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let value = value.trim();
    let quote = |word: &str| toml::Value::from(word.trim().trim_matches(['"', '\''])).to_string();
    if let (Some(open), Some(close)) = (value.find('['), value.rfind(']')) {
        let words = value.get(open + 1..close)?.split(',').map(str::trim);
        let words: Vec<String> = words.filter(|word| !word.is_empty()).map(quote).collect();
        let (before, after) = (&value[..=open], &value[close..]);
        return Some(format!("{key}= {before}{}{after}", words.join(", ")));
    }
    let Some(pairs) = value.strip_prefix('{') else {
        return Some(format!("{key}= {}", quote(value)));
    };
    let pairs = pairs.trim_end_matches(['}', ' ']).split(',').map(|pair| {
        let (key, value) = pair.split_once(['=', ':']).unwrap_or((pair, ""));
        format!("{} = {}", key.trim(), quote(value))
    });
    Some(format!(
        "{key}= {{ {} }}",
        pairs.collect::<Vec<_>>().join(", ")
    ))
}

/// A comma between two values: `["a" "b"]`, `{ http = "/" status = 200 }`.
fn commas(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let mut new = String::new();
    let mut is_quoted = false;
    for word in value.split_inclusive(' ') {
        let inner = new.trim_end();
        let ended =
            inner.ends_with(['"', '\'', ']', '}']) || inner.ends_with(|c: char| c.is_ascii_digit());
        let begins = word.starts_with(|c: char| c.is_ascii_alphabetic() || "\"'".contains(c));
        if !is_quoted && ended && begins {
            new.truncate(inner.len());
            new.push_str(", ");
        }
        new.push_str(word);
        is_quoted ^= word.matches('"').count() % 2 == 1;
    }
    Some(format!("{key}={new}"))
}

/// Backslashes need single quotes.
fn literal(line: &str) -> Option<String> {
    line.contains('\\').then(|| line.replace('"', "'"))
}

/// Closes what is open, before the brackets that close the rest.
fn closed(line: &str, with: &str) -> Option<String> {
    let rest: &[char] = match with {
        "\"" => &[' ', ']', '}'],
        "}" => &[],
        _ => &[' ', '}'],
    };
    let content = line.trim_end().trim_end_matches(rest);
    let space = if with == "}" { " " } else { "" };
    Some(format!("{content}{space}{with}{}", &line[content.len()..]))
}
