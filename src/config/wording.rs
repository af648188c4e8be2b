//! A mistake in words: the key with its value, and what is wrong with it.

use super::advice::reference::{Entry, TARGET, entries};
use super::advice::{Keys, Node, near, of_unnamed_table, table_of};
use super::mistake::{About, Mistake};

/// What is wrong, on one line.
pub(super) fn describe(text: &str, mistake: &Mistake) -> String {
    let tree = Keys::of(text);
    let node = tree.of_mistake(&mistake.at, mistake.key);
    let name = node.map(|node| shown(&node.path)).unwrap_or_default();
    let what = plain(&mistake.what);
    if let Some(what) = node.and_then(|node| of_unnamed_table(&tree, node)) {
        return what;
    }
    match (&mistake.about, node) {
        (About::Syntax, _) => format!("`{}`: {what}", line(text, mistake.at.start)),
        (About::Duplicate, _) => twice(&line(text, mistake.at.start)),
        (About::Table { .. }, _) | (_, None) => what,
        (About::Unknown, Some(node)) => {
            let table = table_of(node.parent());
            let meant = meant(&table, node.name(), &what, node.has_header(text));
            format!("{name} is not known: {meant}")
        }
        (About::Missing(key), Some(node)) if node.kind == "table" || node.has_header(text) => {
            format!("{name} lacks `{key}`")
        }
        (About::Value, Some(node)) if node.key == mistake.at && node.value != mistake.at => {
            format!("{name}: {what}")
        }
        (About::Value, Some(node)) if is_app(&node.path) && node.kind != "table" => {
            format!("{name} is not a table: an app needs its name, [app.NAME]")
        }
        (About::Value, Some(node)) if is_targets(&node.path) && node.kind != "table" => {
            let given = shortened(&text[node.value.clone()]);
            format!("{given}: each target is a table with its name, [{name}.TARGET]")
        }
        (About::Value, Some(node)) if is_target(&node.path) && node.kind != "table" => {
            let table = shown(node.parent());
            format!("{name} is not a table: a target needs its name, [{table}.TARGET]")
        }
        (About::Value | About::Missing(_), Some(node)) => {
            let given = shortened(&text[node.value.clone()]);
            let what = match what == "wanted string or table" {
                true => format!("expected {}", words(node)),
                false => what,
            };
            match node.has_header(text) {
                true => format!("{given}: {}", of_header(node.kind, what)),
                false => format!("{name} = {given}: {what}"),
            }
        }
    }
}

/// A second key, or a second header.
fn twice(line: &str) -> String {
    let what = match line.starts_with('[') {
        true if line.trim_matches(['[', ']', ' ']) == "haproxy" => {
            "a list of tables has two pairs of brackets, [[haproxy]]"
        }
        true => "move the keys below it to the first one, and remove it",
        false => "write it once",
    };
    format!("`{line}` is there already: {what}")
}

/// The key that was meant, or the tables that have it, or all keys of this table.
fn meant(table: &str, name: &str, what: &str, has_header: bool) -> String {
    let expected = what
        .split_once(", expected ")
        .map_or("", |(_, expected)| expected);
    let keys = expected.split('`').skip(1).step_by(2);
    let elsewhere = entries().into_iter();
    let is_value = |entry: &Entry| entry.key == name && entry.table != table && !has_header;
    let elsewhere = elsewhere.filter(is_value);
    let mut homes: Vec<String> = elsewhere.map(|entry| entry.table).collect();
    // A target has some keys of an app.
    if homes.iter().any(|home| home == "app.web") {
        homes.retain(|home| home != TARGET);
    }
    let is_inner = |home: &String| table == TARGET && home.starts_with(TARGET);
    if homes.iter().any(is_inner) {
        homes.retain(is_inner);
    }
    let limit = format!("{table}.timeouts");
    let is_limit = |entry: &Entry| entry.table == limit && name == format!("{}_timeout", entry.key);
    if let Some(entry) = entries().into_iter().find(is_limit) {
        return format!("did you mean `{}` of {limit}?", entry.key);
    }
    match (near(name, keys).first(), homes.is_empty()) {
        (_, false) => format!("it is a key of {}", homes.join(" and of ")),
        (Some(key), true) => format!("did you mean `{key}`?"),
        (None, true) => format!("expected {expected}"),
    }
}

/// The words that a key may have.
fn words(node: &Node) -> String {
    let table = table_of(node.parent());
    let mut entries = entries().into_iter();
    let entry = entries.find(|entry| entry.table == table && entry.key == node.name());
    entry.map_or_else(String::new, |entry| entry.values.join(" or "))
}

/// A header has too few brackets, or too many.
fn of_header(kind: &str, what: String) -> String {
    match kind {
        "array" => "a table has one pair of brackets".to_owned(),
        _ if what.starts_with("expected a list") => {
            "a list of tables has two pairs of brackets, and no name".to_owned()
        }
        _ => what,
    }
}

/// Whether it is an app, not a key of one.
fn is_app(path: &[String]) -> bool {
    path.len() == 2 && path[0] == "app"
}

/// Whether it has the targets of an app.
fn is_targets(path: &[String]) -> bool {
    path.len() == 3 && path[0] == "app" && path[2] == "target"
}

/// Whether it is a target of an app, not a key of one.
fn is_target(path: &[String]) -> bool {
    path.len() == 4 && path[0] == "app" && path[2] == "target"
}

/// `app.web.health.http`; a place in a list is left out.
fn shown(path: &[String]) -> String {
    let is_place = |step: &str| step.bytes().all(|byte| byte.is_ascii_digit());
    let steps = path.iter().enumerate();
    let steps = steps.filter(|(at, step)| !is_place(step) || is_target(&path[..=*at]));
    let steps = steps.map(|(_, step)| step.as_str());
    steps.collect::<Vec<_>>().join(".")
}

/// The line there, or the one before it if that is where the mistake begins.
fn line(text: &str, at: usize) -> String {
    let at = at.min(text.len());
    let ends = text[at..].trim_start_matches('\r').starts_with('\n') || at == text.len();
    let begins_before = || toml::de::DeTable::parse(&text[..at]).is_err();
    let is_start = text[..at].ends_with('\n');
    let before = match ends || is_start && begins_before() {
        true => text[..at].trim_end_matches('\n'),
        false => &text[..at],
    };
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    shortened(line.trim_matches(['\u{feff}', ' ', '\t', '\r']))
}

fn shortened(given: &str) -> String {
    let all: String = given.chars().take(60).collect();
    match all.len() < given.len() {
        true => format!("{all}..."),
        false => all,
    }
}

/// Serde's words for the kinds of values, and the operator's.
const KINDS: [(&str, &str); 6] = [
    ("integer", "a number"),
    ("floating point", "a number with a point"),
    ("string", "a text"),
    ("boolean", "true or false"),
    ("map", "a table"),
    ("sequence", "a list"),
];

/// Serde's words for what is wrong, in the words of the operator.
fn plain(what: &str) -> String {
    if what == "invalid IP address syntax" {
        return "expected an IP address".to_owned();
    }
    let is_unit = what.ends_with(", expected a duration")
        && what.contains("string \"")
        && what.split('"').nth(1).is_some_and(has_unit);
    if is_unit {
        return "this unit of a time is not known: write ms, s, m, h or d".to_owned();
    }
    let Some((given, expected)) = what.split_once(", expected ") else {
        return what.to_owned();
    };
    let expected = match expected {
        "a sequence" => "a list of texts, [\"...\"]",
        "a map" | "a table" => "a table, { ... } or with a header",
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        "a duration" => "a time with its unit in quotes",
        "usize" | "u16" | "u32" | "i64" => "a whole number",
        other => other,
    };
    let is_of = |kind: &&(&str, &str)| given.starts_with(&format!("invalid type: {}", kind.0));
    match KINDS.iter().find(is_of) {
        Some((_, kind)) => format!("expected {expected}, not {kind}"),
        None if given.starts_with("unknown field") => what.to_owned(),
        None if given.starts_with("invalid value") || given.starts_with("unknown variant") => {
            format!("expected {expected}")
        }
        None => what.to_owned(),
    }
}

/// Whether letters follow a number.
fn has_unit(time: &str) -> bool {
    let unit = time.trim_start_matches(|c: char| c.is_ascii_digit() || " .".contains(c));
    unit.len() < time.len() && unit.starts_with(char::is_alphabetic)
}
