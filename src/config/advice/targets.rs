//! Targets that are written in another way, or at another level.

use super::edits::append;
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{headers, line_at, whole_line};
use super::reference::{NAME, TARGET, is_of_target, required_keys};
use super::removal::removed;
use super::tree::Node;
use std::ops::Range;

/// Names for targets that have none.
const NAMES: [&str; 2] = [NAME, "green"];

/// A key of the app that belongs into its targets, or one that works only with targets. The app's
/// address is that of each target.
pub(super) fn level(known: &Known<'_>, node: &Node) -> Option<Fix> {
    if node.path[0] == "haproxy" {
        return by_name(known, node);
    }
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

/// The names of lines, which an app with targets can't have.
fn by_name(known: &Known<'_>, node: &Node) -> Option<Fix> {
    let names = ["backend", "main", "backup"];
    let mut all = known.tree.all();
    all.find(|node| node.path.len() == 3 && node.name() == "target")?;
    let keys = known.tree.children(node.parent());
    let keys = keys.filter(|key| names.contains(&key.name()));
    let removed = keys.map(|key| Edit {
        at: whole_line(known.text, key.key.start),
        text: String::new(),
    });
    names
        .contains(&node.name())
        .then(|| Fix::of(removed.collect()))
}

/// A template's unit, or the unit of another target: the one with this target's name.
pub(super) fn unit(known: &Known<'_>, node: &Node) -> Option<Fix> {
    let is_unit = node.path.len() == 6 && is_of_target(&node.path) && node.name() == "systemd";
    let value = known.at(&node.value).parse::<toml::Value>().ok()?;
    let (template, rest) = value.as_str().filter(|_| is_unit)?.split_once('@')?;
    let suffix = rest.rfind('.').map_or("", |at| &rest[at..]);
    let unit = format!("{template}@{}{suffix}", node.path[3]);
    Some(Fix::one(
        node.value.clone(),
        toml::Value::from(unit).to_string(),
    ))
}

/// `target = [...]` beside tables of targets.
pub(super) fn beside_tables(known: &Known<'_>) -> Option<Fix> {
    let is_it = |node: &&Node| {
        let is_there = node.path.len() == 3 && node.path[0] == "app" && node.path[2] == "target";
        is_there && node.kind != "table" && !node.has_header(known.text)
    };
    known
        .tree
        .all()
        .find(is_it)
        .map(|node| removed(known, node))
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
    let (line, _) = headers(known.text).find(|(_, name)| *name == table)?;
    let all: Vec<&str> = known.tree.children(node.parent()).map(Node::name).collect();
    let name = NAMES.iter().find(|name| !all.contains(name))?;
    let line = line_at(known.text, line.start);
    Some(Fix::one(line, format!("[{table}.{name}]")))
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
