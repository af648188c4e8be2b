//! What a value may have been meant as. Each candidate is tried before one is shown.

use super::examples::{by_likeness, completed, filled};
use super::health::PROGRAMS;
use super::place::{self, OWN};
use super::shares;
use super::spelling::{flag, spelt};
use super::window;
use toml::Value;

/// Values to try in place of this one, in this order; the examples come last.
pub(crate) fn candidates(key: &str, value: &Value, examples: &[String]) -> Vec<String> {
    let mut meant = meant(key, value);
    meant.dedup();
    let meant: Vec<String> = meant.iter().map(ToString::to_string).collect();
    let examples = by_likeness(value, examples);
    let completed = examples
        .iter()
        .flat_map(|example| completed(example, value));
    let filled = examples.iter().filter_map(|example| filled(example, value));
    let filled = filled.filter(|_| value.is_table());
    let made: Vec<String> = completed.chain(meant).chain(filled).collect();
    // What the operator gave is of this host, and an example is of another one.
    let is_own = OWN.contains(&key) && !value.is_bool();
    let is_command = ["health", "restart", "run"].contains(&key) && value.is_str();
    let examples = examples.into_iter().filter(|_| !is_own && !is_command);
    made.into_iter().chain(examples).collect()
}

fn meant(key: &str, value: &Value) -> Vec<Value> {
    let share = match key {
        "min_available" => shares::of_hosts(value),
        "errors" => shares::of_requests(value),
        _ => None,
    };
    let meant = match value {
        Value::Integer(number) => of_number(key, &number.to_string()),
        Value::Float(number) => of_number(key, &number.to_string()),
        Value::String(text) => of_text(key, text),
        Value::Boolean(flag) => vec![text(flag.to_string()), Value::Boolean(!flag)],
        Value::Array(list) => of_list(key, list),
        Value::Table(table) => of_table(key, table),
        Value::Datetime(_) => Vec::new(),
    };
    share.map(text).into_iter().chain(meant).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn of_number(key: &str, number: &str) -> Vec<Value> {
    let mut meant: Vec<Value> = number.parse().map(Value::Integer).into_iter().collect();
    match number {
        "0" => meant.push(Value::Boolean(false)),
        "1" => meant.push(Value::Boolean(true)),
        _ => {}
    }
    meant.extend(spelt(key, number).into_iter().map(text));
    if key == "settle" {
        let time = ("for".to_owned(), text(format!("{number}s")));
        meant.push(Value::Table([time].into_iter().collect()));
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
    let mut meant = quoted_number(key, given);
    meant.extend(flag(given).map(Value::Boolean));
    meant.extend(spelt(key, given).into_iter().map(text));
    meant.extend(place::candidates(key, given));
    meant.extend(tables(key, given));
    meant.push(match key {
        "source" | "addresses" | "also_restarts" => {
            let words = given.split([',', ' ']).filter(|word| !word.is_empty());
            Value::Array(words.map(bare).map(text).collect())
        }
        "windows" => Value::Array(vec![text(window::spelt(given))]),
        _ => words(given),
    });
    meant
}

fn quoted_number(key: &str, given: &str) -> Vec<Value> {
    let is_share = key == "min_available";
    match given.parse::<f64>() {
        // Too high for a count of servers.
        Ok(number) if is_share && number > 9.0 => vec![text(format!("{given}%"))],
        Ok(_) => of_number(key, given),
        Err(_) if is_share && given.trim_end_matches(['%', ' ']) == "0" => vec![Value::Integer(0)],
        Err(_) => Vec::new(),
    }
}

/// A text that was written for a whole table.
fn tables(key: &str, given: &str) -> Vec<Value> {
    let table =
        |key: &str, value: Value| Value::Table([(key.to_owned(), value)].into_iter().collect());
    let is_program = PROGRAMS.iter().any(|folder| given.starts_with(folder));
    let is_word = given.split_whitespace().count() == 1;
    match key {
        "health" if given == "tcp" => vec![table("tcp", Value::Boolean(true))],
        "health" if is_program => vec![table("command", words(given))],
        "health" if given.contains('/') && is_word => {
            vec![table("http", text(place::url_path(given)))]
        }
        // One word may be anything.
        "health" if is_word => Vec::new(),
        "run" => unit(given).into_iter().collect(),
        "settle" => {
            let times = [given.to_owned(), format!("{given}s")];
            times.map(|time| table("for", text(time))).to_vec()
        }
        "restart" => unit(given)
            .into_iter()
            .chain([table("command", words(given))])
            .collect(),
        "health" => vec![table("command", words(given))],
        _ => Vec::new(),
    }
}

/// The unit in a command line that only restarts or reloads it. The unit's check refuses what is no
/// unit's name.
fn unit(given: &str) -> Option<Value> {
    let words: Vec<&str> = given.split_whitespace().collect();
    let (job, unit) = match words[..] {
        [unit] => (None, unit),
        ["systemctl", "reload-or-restart", unit] => (None, unit),
        ["systemctl", job @ ("restart" | "reload"), unit]
        | ["service", unit, job @ ("restart" | "reload")] => (Some(job), unit),
        ["systemctl", "start", unit] | ["service", unit, "start"] => (None, unit),
        _ => return None,
    };
    let job = job.map(|job| ("job".to_owned(), text(job)));
    let systemd = ("systemd".to_owned(), text(unit));
    Some(Value::Table([systemd].into_iter().chain(job).collect()))
}

/// A command line as a list. The agent starts no shell, so signs of a shell need one.
fn words(given: &str) -> Value {
    let is_for_shell = |c: char| "&|;<>$`*?~\"'()\\".contains(c);
    match given.contains(is_for_shell) {
        true => Value::Array(["/bin/sh", "-c", given].map(text).to_vec()),
        false => Value::Array(given.split_whitespace().map(text).collect()),
    }
}

/// An address without the length of its network.
fn bare(address: &str) -> &str {
    let parts = address.split_once('/');
    let parts = parts.filter(|(ip, _)| ip.parse::<std::net::IpAddr>().is_ok());
    parts.map_or(address, |(ip, _)| ip)
}

fn of_list(key: &str, list: &[Value]) -> Vec<Value> {
    let of_texts = |value: &Value| match value {
        Value::String(given) if key == "addresses" => text(bare(given)),
        Value::String(given) if key == "windows" => text(window::spelt(given)),
        Value::String(_) => value.clone(),
        other => text(other.to_string()),
    };
    let texts = Value::Array(list.iter().map(of_texts).collect());
    let command = Value::Table(
        [("command".to_owned(), texts.clone())]
            .into_iter()
            .collect(),
    );
    let alone = list.first().filter(|_| list.len() == 1).cloned();
    let of_alone = alone.iter().flat_map(|value| meant(key, value));
    let of_alone: Vec<Value> = of_alone.filter(|meant| !meant.is_table()).collect();
    let alone = alone.into_iter().chain(of_alone);
    alone.chain([texts, command]).collect()
}

/// Its only value, or without one of its keys; `tcp` says least.
fn of_table(key: &str, table: &toml::Table) -> Vec<Value> {
    let mut keys: Vec<&String> = table.keys().collect();
    keys.sort_by_key(|key| *key != "tcp");
    let without = keys.into_iter().map(|key| {
        let others = table.iter().filter(|(other, _)| *other != key);
        Value::Table(
            others
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )
    });
    let alone = (table.len() == 1).then(|| table.values().next().cloned());
    let without = without.filter(|_| table.len() > 1);
    let of_alone = alone.iter().flatten().flat_map(|value| meant(key, value));
    let of_alone: Vec<Value> = of_alone.collect();
    let alone = alone.flatten().into_iter().chain(of_alone);
    place::joined(table)
        .into_iter()
        .chain(alone)
        .chain(without)
        .collect()
}
