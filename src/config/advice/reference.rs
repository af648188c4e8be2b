//! `haproxy/agent.toml` as data: each key with its table, its examples and its explanation. It is
//! the only list of keys for the advice and for the manual page.

/// The annotated configuration, as it is installed.
pub const ANNOTATED: &str = include_str!("../../../haproxy/agent.toml");

/// Behind a value that is no default.
const MARK: &str = "  # example";

/// Behind a value of a key that its table must have. The table itself is optional.
const REQUIRED: &str = "  # required";

/// The name of the target in the examples, and its table.
pub(crate) const NAME: &str = "blue";
pub(crate) const TARGET: &str = "app.web.target.blue";

/// One key of the annotated configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its table: `app.web`, `app.web.timeouts`, `haproxy` or `agent`; or `app.web.health` for a
    /// key of an example.
    pub table: String,
    /// Its name.
    pub key: String,
    /// The examples of its value.
    pub values: Vec<String>,
    /// Whether the first of them holds without the key.
    pub has_default: bool,
    /// Whether it is set in the annotated file.
    pub is_required: bool,
    /// The explanation above it.
    pub comment: Vec<String>,
}

/// All keys, in the order of the file. The keys of a `{ ... }` come after it.
pub fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut table, mut is_again, mut comment) = (String::new(), false, Vec::new());
    for line in ANNOTATED.lines() {
        let enabled = match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => key,
            _ => line,
        };
        if let Some(other) = line.strip_prefix("# or: ") {
            if let (Some((_, value)), Some(last)) = (other.split_once(" = "), entries.last_mut()) {
                last.values.push(value.to_owned());
                last.comment.append(&mut comment);
            }
        } else if let Some(text) = line.strip_prefix('#').filter(|_| enabled == line) {
            comment.push(text.trim_start().to_owned());
        } else if enabled.starts_with('[') {
            table = table_named(enabled);
            is_again = entries.iter().any(|entry| entry.table == table);
            comment.clear();
        } else if let Some((key, value)) = enabled.split_once(" = ").filter(|_| !is_again) {
            let (example, required) = (value.strip_suffix(MARK), value.strip_suffix(REQUIRED));
            let is_required = enabled == line || required.is_some();
            entries.push(Entry {
                table: table.clone(),
                key: key.to_owned(),
                values: vec![example.or(required).unwrap_or(value).to_owned()],
                has_default: !is_required && example.is_none(),
                is_required,
                comment: std::mem::take(&mut comment),
            });
        } else {
            comment.clear();
        }
    }
    let inner: Vec<Entry> = entries.iter().flat_map(inner).collect();
    entries.extend(inner);
    entries
}

/// The table of a header. A second target is an example of the same table.
fn table_named(header: &str) -> String {
    let path = header.trim_matches(['[', ']']).split('.');
    table_of(&path.map(str::to_owned).collect::<Vec<_>>())
}

/// The tables of the annotated file, each with the explanation above its header.
pub fn tables() -> Vec<(String, Vec<String>)> {
    let (mut tables, mut comment): (Vec<(String, Vec<String>)>, _) = (Vec::new(), Vec::new());
    for line in ANNOTATED.lines() {
        match (line.trim_start_matches('#'), line.strip_prefix("# ")) {
            (header, _) if header.starts_with('[') => {
                let (name, about) = (table_named(header), std::mem::take(&mut comment));
                if tables.iter().all(|(table, _)| *table != name) {
                    tables.push((name, about));
                }
            }
            (_, Some(text)) => comment.push(text.to_owned()),
            _ => comment.clear(),
        }
    }
    tables
}

/// The keys of the tables that are the examples of a key.
fn inner(entry: &Entry) -> Vec<Entry> {
    let mut inner: Vec<Entry> = Vec::new();
    for value in &entry.values {
        let Ok(toml::Value::Table(keys)) = value.parse::<toml::Value>() else {
            continue;
        };
        for (key, value) in keys {
            let value = value.to_string();
            match inner.iter_mut().find(|entry| entry.key == key) {
                Some(known) => known.values.push(value),
                None => inner.push(Entry {
                    table: format!("{}.{}", entry.table, entry.key),
                    key,
                    values: vec![value],
                    has_default: false,
                    is_required: false,
                    comment: Vec::new(),
                }),
            }
        }
    }
    inner
}

/// The tables that a configuration may have, by the path of a key in them. An app's name is `web`,
/// and a target's is `blue`.
pub(crate) fn table_of(path: &[String]) -> String {
    let is_app = path.first().is_some_and(|first| first == "app");
    let has_targets = is_app && path.get(2).is_some_and(|key| key == "target");
    let is_place = |(at, step): &(usize, &String)| {
        let is_name = has_targets && *at == 3;
        !is_name && step.bytes().all(|byte| byte.is_ascii_digit())
    };
    let steps = path.iter().enumerate().filter(|step| !is_place(step));
    let names = steps.map(|(at, step)| match at {
        1 if is_app => "web",
        3 if has_targets => NAME,
        _ => step.as_str(),
    });
    names.collect::<Vec<_>>().join(".")
}

/// Whether it is the path of a target, or of a table in it.
pub(crate) fn is_of_target(path: &[String]) -> bool {
    path.len() > 3 && path[0] == "app" && path[2] == "target"
}

/// The lines that a table must have, with its header.
pub(crate) fn required(table: &str, name: &str) -> String {
    let header = match table {
        "haproxy" => "[[haproxy]]".to_owned(),
        _ => format!("[app.{name}]"),
    };
    let keys = required_keys(table, |key, value| format!("{key} = {value}\n"));
    format!("{header}\n{keys}")
}

/// The lines of the keys that a table must have, each made of the key and its example.
pub(crate) fn required_keys(table: &str, line: impl Fn(&str, &str) -> String) -> String {
    let entries = entries().into_iter();
    let required = entries.filter(|entry| entry.is_required && entry.table == table);
    required
        .map(|entry| line(&entry.key, &entry.values[0]))
        .collect()
}
