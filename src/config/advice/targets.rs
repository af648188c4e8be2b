//! Targets that are written in another way, or at another level.

use super::edits::{append, rename};
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{line_at, whole_line};
use super::reference::{TARGET, required_keys};
use super::removal::removed;
use super::tree::Node;
use std::ops::Range;

/// Names for targets that have none, as in the annotated configuration.
const NAMES: [&str; 2] = ["blue", "green"];

/// A key of the app that belongs into its targets, or one that works only with targets. The app's
/// address is that of each target.
pub(super) fn level(known: &Known<'_>, node: &Node) -> Option<Fix> {
    if node.path.len() != 3 || node.path[0] != "app" {
        return None;
    }
    let all = [node.parent(), &["target".to_owned()]].concat();
    let targets: Vec<&Node> = known.tree.children(&all).collect();
    let is_of_targets = known.keys(TARGET).any(|key| key == node.name());
    let needs_targets = ["keep", "verify", "memory"].contains(&node.name());
    let without = removed(known, node);
    match (targets.is_empty(), node.name()) {
        (false, "address") => {
            let pair = &known.text[node.key.start..node.value.end];
            let added = targets.iter().map(|target| known.adding_to(target, pair));
            Some(added.fold(without, |fix, (at, text)| {
                fix.and(Edit { at: at..at, text })
            }))
        }
        (false, _) if is_of_targets => Some(without),
        (true, _) if needs_targets => Some(without),
        _ => None,
    }
}

/// `[app.web.target]` for `[app.web.target.blue]`.
pub(super) fn without_name(known: &Known<'_>) -> Option<Fix> {
    let is_key = |node: &&Node| {
        let path = &node.path;
        let is_there = path.len() == 4 && path[0] == "app" && path[2] == "target";
        is_there && known.keys(TARGET).any(|key| key == path[3])
    };
    let node = known.tree.all().find(is_key)?;
    let table = node.parent().join(".");
    Some(rename(
        known.text,
        &table,
        &format!("{table}.{}", NAMES[0]),
        false,
    ))
}

/// `[[app.web.target]]`: each such table has its name in its header.
pub(super) fn of_list(known: &Known<'_>, node: &Node) -> Option<Fix> {
    let tables: Vec<&Node> = known.tree.children(&node.path).collect();
    let mut edits = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let name = known
            .tree
            .get(&[&table.path[..], &["name".to_owned()]].concat());
        let given = name.and_then(|name| known.at(&name.value).parse::<toml::Value>().ok());
        let given = given
            .as_ref()
            .and_then(toml::Value::as_str)
            .or(NAMES.get(at).copied())?;
        edits.push(Edit {
            at: line_at(known.text, table.value.start),
            text: format!("[{}.{given}]", node.path.join(".")),
        });
        edits.extend(name.map(|name| Edit {
            at: whole_line(known.text, name.key.start),
            text: String::new(),
        }));
    }
    Some(Fix::of(edits))
}

/// `target = ["blue", "green"]`: a table for each, with the keys that it must have.
pub(super) fn named(known: &Known<'_>, node: &Node, value: &toml::Value) -> Option<Fix> {
    if node.path.len() != 3 || node.name() != "target" {
        return None;
    }
    let texts = match value {
        toml::Value::Array(list) => list.iter().map(toml::Value::as_str).collect(),
        toml::Value::String(one) => Some(vec![one.as_str()]),
        _ => None,
    };
    let tables = texts?.into_iter().zip(0..).map(|(name, at)| {
        let keys = required_keys(TARGET, |key, value| match value.parse::<u16>() {
            Ok(port) => format!("{key} = {}\n", port + at),
            Err(_) => format!("{key} = {}\n", value.replace(NAMES[0], name)),
        });
        format!("[{}.{name}]\n{keys}", node.path.join("."))
    });
    let line: Range<usize> = whole_line(known.text, node.key.start);
    let removed = Edit {
        at: line,
        text: String::new(),
    };
    Some(append(known.text, &tables.collect::<String>()).and(removed))
}

/// `[target.blue]` or `[targets.blue]` without the app.
pub(super) fn without_app(known: &Known<'_>, node: &Node) -> Option<String> {
    let is_it = node.path.len() == 1 && ["target", "targets"].contains(&node.name());
    is_it.then(|| known.path("app.web.target", node.key.start).join("."))
}
