//! Keys that are unknown, missing, or in the wrong table.

use super::edits::comment_out;
use super::fix::{Edit, Fix};
use super::health;
use super::known::Known;
use super::lines::{line_at, whole_line};
use super::near::near;
use super::outside;
use super::reference::table_of;
use super::removal::{is_alone, without};
use super::several;
use super::tables;
use super::tree::Node;

pub(super) fn unknown(known: &Known<'_>, node: &Node) -> Vec<Fix> {
    if node.has_header(known.text) {
        return tables::unknown(known, node);
    }
    let table = table_of(node.parent());
    let renamed = near(node.name(), known.keys(&table)).into_iter();
    let renamed = renamed.chain(synonyms(known, node, &table));
    let renamed = renamed.chain(lacking(known, node, &table));
    let value = known.at(&node.value).parse::<toml::Value>();
    let each = value
        .iter()
        .flat_map(|value| several::balancers(known, node, value));
    let each: Vec<Fix> = each.collect();
    let renamed = renamed.map(|key| Fix::one(node.key.clone(), key));
    let renamed = each.into_iter().chain(renamed);
    let all = || known.entries.iter().map(|entry| entry.key.as_str());
    // `drain_timeout`, `timeout_drain`.
    let short = node.name().replace("timeout", "");
    let short = short.trim_matches(['_', '-']);
    let meant = near(short, all())
        .into_iter()
        .chain(near(node.name(), all()));
    let moved = meant.flat_map(|key| moved(known, node, &table, key));
    let left_out = match is_alone(known, node) {
        true => comment_out(known.text, line_at(known.text, node.key.start)),
        false => without(known, node),
    };
    let own = health::port(known, node).into_iter().chain(renamed);
    let elsewhere = moved.chain(outside::balancer(known, node));
    own.chain(elsewhere).chain([left_out]).collect()
}

/// Words of other tools for a key of a `{ ... }`.
fn synonyms(known: &Known<'_>, node: &Node, table: &str) -> Option<&'static str> {
    let is_path = known.at(&node.value).starts_with(['"', '\''])
        && known.at(&node.value)[1..].starts_with('/');
    let is_in = |last: &str| table.rsplit('.').next() == Some(last);
    match (table, node.name()) {
        (_, "unit" | "service") if is_in("restart") || is_in("run") => Some("systemd"),
        ("app.web", "targets") => Some("target"),
        ("app.web.settle", "time" | "duration" | "lasts" | "timeout") => Some("for"),
        ("app.web.restart" | "app.web.health", "cmd" | "exec" | "run" | "script") => {
            Some("command")
        }
        ("app.web.health", _) if is_path => Some("http"),
        _ => None,
    }
}

/// The required keys that the table lacks: the unknown one may be one of them.
fn lacking<'a>(known: &Known<'a>, node: &Node, table: &str) -> Vec<&'a str> {
    let has = |key: &str| {
        let mut keys = known.tree.children(node.parent());
        keys.any(|node| node.name() == key)
    };
    let entries = known
        .entries
        .iter()
        .filter(|entry| entry.is_required && entry.table == table);
    entries
        .map(|entry| entry.key.as_str())
        .filter(|key| !has(key))
        .collect()
}

/// Puts a key into the tables that may have it, those of its own table first.
fn moved(known: &Known<'_>, node: &Node, table: &str, key: &str) -> Vec<Fix> {
    if !is_alone(known, node) {
        return Vec::new();
    }
    let homes = known.entries.iter().filter(|entry| entry.key == key);
    let mut homes: Vec<&str> = homes.map(|entry| entry.table.as_str()).collect();
    homes.sort_by_key(|home| !home.starts_with(&format!("{table}.")));
    let pair = format!("{key} = {}", known.at(&node.value));
    homes
        .into_iter()
        .filter_map(|home| placed(known, node, home, &pair))
        .collect()
}

fn placed(known: &Known<'_>, node: &Node, home: &str, pair: &str) -> Option<Fix> {
    let path = known.path(home, node.key.start);
    let first = [path.clone(), vec!["0".to_owned()]].concat();
    let target = known.tree.get(&first).or_else(|| known.tree.get(&path));
    let (name, parent) = path.split_last()?;
    let (at, text) = match target {
        Some(target) if known.at(&target.value).starts_with(['{', '[']) => {
            known.adding_to(target, pair)
        }
        Some(_) => return None,
        None if node.parent().is_empty() => return tables::header_above(known, home),
        None if parent == node.parent() => {
            let line = line_at(known.text, node.key.start);
            return Some(Fix::one(line, format!("{name} = {{ {pair} }}")));
        }
        None if name == "haproxy" => (known.text.len(), format!("[[haproxy]]\n{pair}\n")),
        None if path.len() == 1 => (known.text.len(), format!("[{name}]\n{pair}\n")),
        None => return None,
    };
    let old = whole_line(known.text, node.key.start);
    let removed = Edit {
        at: old,
        text: String::new(),
    };
    Some(Fix::of(vec![removed, Edit { at: at..at, text }]))
}

/// The line of a missing key: below the header, or within the `{ ... }`.
pub(super) fn missing(known: &Known<'_>, node: &Node, key: &str) -> Vec<Fix> {
    let is_table = node.kind == "table" || node.has_header(known.text);
    let above = known.tree.get(node.parent());
    let node = above.filter(|_| !is_table).unwrap_or(node);
    let examples = known.examples(&node.path, key).into_iter();
    let fixes = examples.map(|value| {
        let (at, text) = known.adding_to(node, &format!("{key} = {value}"));
        Fix::one(at..at, text)
    });
    fixes.collect()
}
