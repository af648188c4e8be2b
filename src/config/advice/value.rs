//! What a value may have been meant as. Each candidate is tried before one is shown.

use std::net::IpAddr;
use toml::Value;
use toml::de::DeValue;

/// Values to try in place of this one, in this order; the examples come last.
pub(crate) fn candidates(key: &str, value: &Value, examples: &[String]) -> Vec<String> {
    let mut meant: Vec<Value> = match value {
        Value::Integer(number) => of_number(&number.to_string()),
        Value::Float(number) => of_number(&number.to_string()),
        Value::String(text) => of_text(key, text),
        Value::Boolean(flag) => vec![text(flag.to_string())],
        Value::Array(list) => of_list(list),
        Value::Table(table) => of_table(table),
        Value::Datetime(_) => Vec::new(),
    };
    meant.dedup();
    let meant = meant.iter().map(ToString::to_string);
    let examples = by_likeness(value, examples);
    let filled: Vec<String> = examples
        .iter()
        .filter_map(|example| filled(example, value))
        .collect();
    meant.chain(filled).chain(examples).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn of_number(number: &str) -> Vec<Value> {
    let mut meant: Vec<Value> = number.parse().map(Value::Integer).into_iter().collect();
    match number {
        "0" => meant.push(Value::Boolean(false)),
        "1" => meant.push(Value::Boolean(true)),
        _ => {}
    }
    let texts = [
        format!("{number}s"),
        format!("127.0.0.1:{number}"),
        number.to_owned(),
    ];
    meant.extend(texts.map(text));
    meant
}

fn of_text(key: &str, given: &str) -> Vec<Value> {
    let given = given.trim();
    let lower = given.to_lowercase();
    let mut meant: Vec<Value> = Vec::new();
    if let Ok(number) = given.parse::<f64>() {
        // A quoted number that is too high for a count of servers.
        let share = key == "min_available" && number > 9.0;
        meant.extend(share.then(|| text(format!("{given}%"))));
        meant.extend(of_number(given));
    }
    // A path of a unit's file.
    let file = given.rsplit('/').next().filter(|_| key == "systemd");
    meant.extend(file.filter(|file| !file.is_empty()).map(text));
    match lower.as_str() {
        "true" | "yes" | "on" => meant.push(Value::Boolean(true)),
        "false" | "no" | "off" => meant.push(Value::Boolean(false)),
        _ => {}
    }
    let upper = given.to_uppercase();
    let spelt = [
        lower.replace(['_', ' '], "-"),
        lower.clone(),
        upper.clone(),
        format!("SIG{upper}"),
    ];
    meant.extend(
        spelt
            .into_iter()
            .filter(|spelt| !spelt.is_empty())
            .map(text),
    );
    meant.extend(address(given).into_iter().map(text));
    if ["http", "https"].contains(&key) {
        meant.push(text(url_path(given)));
    }
    let port = given
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    meant.extend(port.map(|port| Value::Integer(port.into())));
    meant.extend(tables(key, given));
    meant.push(words(given));
    meant
}

/// An address as HAProxy or a browser writes it.
fn address(given: &str) -> Vec<String> {
    let (scheme, rest) = given
        .split_once("://")
        .or(given.split_once('@'))
        .unwrap_or(("", given));
    let rest = rest.split(',').next().unwrap_or_default();
    let host = rest.trim_end_matches('/');
    let port = host.rsplit(':').next().unwrap_or_default();
    let local = (port.parse::<u16>().is_ok()).then(|| format!("127.0.0.1:{port}"));
    let is_path = rest.starts_with('/') || scheme.starts_with("unix");
    let by_scheme = match is_path {
        true => vec![format!("/{}", rest.trim_start_matches('/'))],
        false => vec![
            host.to_owned(),
            format!("tcp://{host}"),
            format!("tcp://{host}:9999"),
        ],
    };
    let known = host.contains(':') || !scheme.is_empty() || host.parse::<IpAddr>().is_ok();
    by_scheme
        .into_iter()
        .filter(|_| known || is_path)
        .chain(local)
        .collect()
}

/// The path of a URL, without what a request line can't have.
fn url_path(given: &str) -> String {
    let rest = given.split_once("://").map_or(given, |(_, rest)| {
        rest.find('/').map_or("", |at| &rest[at..])
    });
    let path: String = rest.chars().filter(char::is_ascii_graphic).collect();
    format!("/{}", path.trim_start_matches('/'))
}

/// A text that was written for a whole table.
fn tables(key: &str, given: &str) -> Vec<Value> {
    let table =
        |key: &str, value: Value| Value::Table([(key.to_owned(), value)].into_iter().collect());
    let program = ["/usr/", "/bin/", "/sbin/", "/opt/", "/etc/"];
    let is_program = program.iter().any(|folder| given.starts_with(folder));
    let last = given.split_whitespace().next_back().unwrap_or_default();
    let is_systemd =
        given.starts_with("systemctl ") || given.starts_with("service ") || given == last;
    match key {
        "health" if given == "tcp" => vec![table("tcp", Value::Boolean(true))],
        "health" if is_program => vec![table("command", words(given))],
        "health" if given.contains('/') => vec![table("http", text(url_path(given)))],
        "restart" if is_systemd && !is_program => vec![table("systemd", text(last))],
        "health" | "restart" => vec![table("command", words(given))],
        _ => Vec::new(),
    }
}

/// A command line as a list: the agent starts no shell.
fn words(given: &str) -> Value {
    let word = |word: &str| text(word.trim_matches(['"', '\'']));
    Value::Array(given.split_whitespace().map(word).collect())
}

fn of_list(list: &[Value]) -> Vec<Value> {
    let of_texts = |value: &Value| match value {
        Value::String(_) => value.clone(),
        other => text(other.to_string()),
    };
    let texts = Value::Array(list.iter().map(of_texts).collect());
    let command = Value::Table(
        [("command".to_owned(), texts.clone())]
            .into_iter()
            .collect(),
    );
    let alone = list.first().cloned();
    alone.into_iter().chain([texts, command]).collect()
}

/// Its only value, or without one of its keys.
fn of_table(table: &toml::Table) -> Vec<Value> {
    let without = table.keys().map(|key| {
        let others = table.iter().filter(|(other, _)| *other != key);
        Value::Table(
            others
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )
    });
    let alone = (table.len() == 1).then(|| table.values().next().cloned());
    let without = without.filter(|_| table.len() > 1);
    alone.flatten().into_iter().chain(without).collect()
}

/// An example with the given values of the keys that it has.
fn filled(example: &str, given: &Value) -> Option<String> {
    let parsed = DeValue::parse(example).ok()?;
    let mut keys: Vec<_> = parsed.get_ref().as_table()?.iter().collect();
    keys.sort_by_key(|(_, value)| value.span().start);
    let mut new = example.to_owned();
    for (key, value) in keys.into_iter().rev() {
        if let Some(given) = given.get(key.get_ref().as_ref()) {
            new.replace_range(value.span(), &given.to_string());
        }
    }
    Some(new)
}

/// The examples that share most with the value first.
fn by_likeness(value: &Value, examples: &[String]) -> Vec<String> {
    let unlike = |example: &&String| {
        let example: Value = example.parse().unwrap_or(Value::Boolean(false));
        match (value, &example) {
            (Value::Table(value), Value::Table(example)) => {
                usize::MAX
                    - value
                        .keys()
                        .filter(|key| example.contains_key(*key))
                        .count()
            }
            (Value::String(value), Value::String(example)) => {
                let is_path = |text: &str| text.contains('/') && !text.contains("://");
                usize::MAX - usize::from(is_path(value) == is_path(example))
            }
            _ => usize::MAX,
        }
    };
    let mut sorted: Vec<&String> = examples.iter().collect();
    sorted.sort_by_key(unlike);
    sorted.into_iter().cloned().collect()
}
