//! Keys that are unknown, missing, or in the wrong table.

use super::edits::comment_out;
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{line_at, whole_line};
use super::near::near;
use super::reference::table_of;
use super::tables;
use super::tree::Node;

pub(super) fn unknown(known: &Known<'_>, node: &Node) -> Vec<Fix> {
    if node.has_header(known.text) {
        return tables::unknown(known, node);
    }
    let table = table_of(node.parent());
    let renamed = near(node.name(), known.keys(&table)).into_iter();
    let renamed = renamed.chain(lacking(known, node, &table));
    let renamed = renamed.map(|key| Fix::one(node.key.clone(), key));
    let all = known.entries.iter().map(|entry| entry.key.as_str());
    let meant = near(node.name(), all).into_iter();
    let moved = meant.flat_map(|key| moved(known, node, &table, key));
    let removed = match is_alone(known, node) {
        true => comment_out(known.text, line_at(known.text, node.key.start)),
        false => without(known, node),
    };
    renamed.chain(moved).chain([removed]).collect()
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

/// Whether a key has its line for itself.
fn is_alone(known: &Known<'_>, node: &Node) -> bool {
    let line = known.at(&line_at(known.text, node.key.start));
    line.trim_start().starts_with(known.at(&node.key))
}

/// Removes a key of a `{ ... }` with its comma.
fn without(known: &Known<'_>, node: &Node) -> Fix {
    let rest = &known.text[node.value.end..];
    if rest.trim_start().starts_with(',') {
        let comma = rest.len() - rest.trim_start_matches([' ', ',']).len();
        return Fix::one(node.key.start..node.value.end + comma, "");
    }
    let before = known.text[..node.key.start].trim_end_matches([' ', ',']);
    let space = if before.ends_with('{') { " " } else { "" };
    Fix::one(before.len()..node.value.end, space)
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
    let examples = known.examples(&table_of(&node.path), key).into_iter();
    let fixes = examples.map(|value| {
        let (at, text) = known.adding_to(node, &format!("{key} = {value}"));
        Fix::one(at..at, text)
    });
    fixes.collect()
}
