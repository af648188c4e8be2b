//! `haproxy/agent.toml` as data: each key with its table, its examples and its explanation. It is
//! the only list of keys for the advice and for the manual page.

/// The annotated configuration, as it is installed.
pub const ANNOTATED: &str = include_str!("../../../haproxy/agent.toml");

/// Behind a value that is no default.
const MARK: &str = "  # example";

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
    let (mut table, mut comment) = (String::new(), Vec::new());
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
            table = enabled.trim_matches(['[', ']']).to_owned();
            comment.clear();
        } else if let Some((key, value)) = enabled.split_once(" = ") {
            let (is_required, example) = (enabled == line, value.strip_suffix(MARK));
            entries.push(Entry {
                table: table.clone(),
                key: key.to_owned(),
                values: vec![example.unwrap_or(value).to_owned()],
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

/// The tables of the annotated file, each with the explanation above its header.
pub fn tables() -> Vec<(String, Vec<String>)> {
    let (mut tables, mut comment) = (Vec::new(), Vec::new());
    for line in ANNOTATED.lines() {
        match (line.trim_start_matches('#'), line.strip_prefix("# ")) {
            (header, _) if header.starts_with('[') => {
                let name = header.trim_matches(['[', ']']).to_owned();
                tables.push((name, std::mem::take(&mut comment)));
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

/// The tables that a configuration may have, by the path of a key in them. An app's name is `web`.
pub(crate) fn table_of(path: &[String]) -> String {
    let steps = path.iter().enumerate();
    let steps = steps.filter(|(_, step)| !step.bytes().all(|byte| byte.is_ascii_digit()));
    let is_name = |at: usize| at == 1 && path[0] == "app";
    let names = steps.map(|(at, step)| if is_name(at) { "web" } else { step.as_str() });
    names.collect::<Vec<_>>().join(".")
}

/// The lines that a table must have, with its header.
pub(crate) fn required(table: &str, name: &str) -> String {
    let header = match table {
        "haproxy" => "[[haproxy]]".to_owned(),
        _ => format!("[app.{name}]"),
    };
    let entries = entries().into_iter();
    let lines = entries.filter(|entry| entry.is_required && entry.table == table);
    let lines = lines.map(|entry| format!("{} = {}\n", entry.key, entry.values[0]));
    format!("{header}\n{}", lines.collect::<String>())
}
