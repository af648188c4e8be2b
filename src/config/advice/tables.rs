//! Headers of tables that are written in another way, or twice.

use super::edits::{append, comment_out, rename};
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{headers, line_at, section, whole_line};
use super::near::near;
use super::reference::{TARGET, required, table_of};
use super::targets;
use super::tree::Node;
use std::ops::Range;

/// `[haproxy]` for `[[haproxy]]`, `[[app.web]]` for `[app.web]`.
pub(super) fn of_header(known: &Known<'_>, node: &Node) -> Vec<Fix> {
    let path: Vec<&str> = node.path.iter().map(String::as_str).collect();
    let path: Vec<&str> = path
        .into_iter()
        .filter(|step| step.parse::<usize>().is_err())
        .collect();
    let name = path.join(".");
    let mut fixes = vec![
        rename(known.text, &name, &name, true),
        rename(known.text, &name, &name, false),
        rename(known.text, &name, "app.web", false),
        unnamed(known.text, &name),
    ];
    // A value as a table: its example.
    let lines = section(known.text, node.value.start);
    let lines = lines.start..lines.start + known.at(&lines).trim_end().len();
    let examples = known.examples(node.parent(), node.name()).into_iter();
    fixes.extend(
        examples.map(|value| Fix::one(lines.clone(), format!("{} = {value}", node.name()))),
    );
    fixes
}

/// `[haproxy.lb1]`: each such table is one of the list, without a name.
fn unnamed(text: &str, name: &str) -> Fix {
    let inner = format!("{name}.");
    let named = headers(text).filter(|(_, header)| header.starts_with(&inner));
    let edits = named.map(|(line, _)| Edit {
        at: line.start..line.start + text[line.clone()].trim_end().len(),
        text: format!("[[{name}]]"),
    });
    Fix::of(edits.collect())
}

/// A key of an app in the place of the app's name.
pub(super) fn nameless<'a>(known: &Known<'a>) -> Option<&'a Node> {
    let in_a_list = |node: &Node| node.path.len() == 3 && node.path[1] == "0";
    let is_inline = |node: &&Node| {
        let is_there = node.path.len() == 2 || in_a_list(node);
        node.path[0] == "app" && is_there && !node.has_header(known.text)
    };
    let is_key = |node: &&Node| known.keys("app.web").any(|key| key == node.name());
    known.tree.all().filter(is_inline).find(is_key)
}

/// `[app]` for `[app.web]`, also with its name as a key.
pub(super) fn without_name(known: &Known<'_>) -> Vec<Fix> {
    let Some(node) = nameless(known) else {
        return Vec::new();
    };
    let name = [node.parent(), &["name".to_owned()]].concat();
    let name = known.tree.get(&name);
    let named = name.and_then(|node| known.at(&node.value).parse::<toml::Value>().ok());
    let named = named
        .as_ref()
        .and_then(toml::Value::as_str)
        .filter(|name| is_bare(name));
    let renamed = |to: &str| rename(known.text, "app", &format!("app.{to}"), false);
    match (named, name) {
        (Some(to), Some(node)) => vec![renamed(to).and(Edit {
            at: whole_line(known.text, node.key.start),
            text: String::new(),
        })],
        _ => vec![renamed("web")],
    }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// The name of an app or a target with characters that it can't have.
pub(super) fn named(text: &str, node: &Node) -> Vec<Fix> {
    let sound = |c: char| {
        if c.is_ascii_alphanumeric() || "_.-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = node.name().chars().take(64).map(sound).collect();
    let name = if name.is_empty() {
        "web".to_owned()
    } else {
        name
    };
    let old = &text[node.key.clone()];
    let bare = if name.contains('.') {
        format!("\"{name}\"")
    } else {
        name
    };
    let above = node.parent().join(".");
    let (from, to) = (format!("{above}.{old}"), format!("{above}.{bare}"));
    vec![
        rename(text, &from, &to, false),
        Fix::one(node.key.clone(), bare),
    ]
}

/// A second key, or a second header.
pub(super) fn twice(text: &str, at: &Range<usize>) -> Vec<Fix> {
    let line = line_at(text, at.start);
    let header = headers(text).find(|(header, _)| header.start == line.start);
    let Some((_, name)) = header else {
        return vec![comment_out(text, line)];
    };
    let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
    let content = line.start..line.start + text[line.clone()].trim_end().len();
    let mut fixes = vec![rename(text, name, name, true)];
    let edits = rename_below(text, line.start, name, &format!("{parent}.{last}2"));
    fixes.push(edits);
    // Without it its keys belong to the table above.
    let above = headers(text).take_while(|(header, _)| header.start < line.start);
    if above.last().is_some_and(|(_, above)| above == name) {
        fixes.push(comment_out(text, content));
    }
    fixes
}

/// The header at this line and those of its own tables below it.
fn rename_below(text: &str, from: usize, old: &str, new: &str) -> Fix {
    let inner = format!("{old}.");
    let below = headers(text).filter(|(line, _)| line.start >= from);
    let edits = below.filter_map(|(line, name)| {
        let rest = if name == old {
            String::new()
        } else {
            format!(".{}", name.strip_prefix(&inner)?)
        };
        let end = line.start + text[line.clone()].trim_end().len();
        Some(Edit {
            at: line.start..end,
            text: format!("[{new}{rest}]"),
        })
    });
    Fix::of(edits.collect())
}

/// A header whose name is unknown: another spelling, or the table that has these keys.
pub(super) fn unknown(known: &Known<'_>, node: &Node) -> Vec<Fix> {
    let (old, text) = (node.path.join("."), known.text);
    let tables = ["app", "haproxy", "agent", "timeouts", "target"];
    let keys = known.keys(&table_of(node.parent())).chain(tables);
    let meant = near(node.name(), keys).into_iter();
    let spelt = meant.map(|name| [node.parent(), &[name.to_owned()]].concat().join("."));
    let elsewhere = targets::without_app(known, node).or_else(|| has_apps(known, node));
    let spelt = elsewhere.into_iter().chain(spelt);
    let spelt = spelt.chain(homes(known, node));
    let renamed = spelt.map(|table| rename(text, &old, &table, table == "haproxy"));
    let is_balancer = node.path.len() > 1 && node.path[0] == "haproxy";
    let each = is_balancer.then(|| unnamed(text, "haproxy"));
    let renamed = each.into_iter().chain(renamed);
    // A dotted key has no header.
    let dotted = near(node.name(), tables).into_iter();
    let dotted = dotted.map(|name| Fix::one(node.key.clone(), name));
    let removed = comment_out(text, section(text, node.key.start));
    renamed.chain(dotted).chain([removed]).collect()
}

/// `[services.web]`: a table of tables that have an app's keys.
fn has_apps(known: &Known<'_>, node: &Node) -> Option<String> {
    let is_key = |node: &Node| known.keys("app.web").any(|key| key == node.name());
    let mut inner = known.tree.children(&node.path);
    let is_app =
        |inner: &Node| inner.has_header(known.text) && known.tree.children(&inner.path).any(is_key);
    (node.path.len() == 1 && inner.any(is_app)).then(|| "app".to_owned())
}

/// The tables that have most of its keys, or its name.
fn homes(known: &Known<'_>, node: &Node) -> Vec<String> {
    let first = [node.path.clone(), vec!["0".to_owned()]].concat();
    let path = known
        .tree
        .get(&first)
        .map_or(&node.path, |first| &first.path);
    let has: Vec<&str> = known.tree.children(path).map(Node::name).collect();
    let shares = |table: &str| known.keys(table).filter(|key| has.contains(key)).count();
    let tables = known.entries.iter().map(|entry| entry.table.as_str());
    let mut tables: Vec<&str> = tables.collect();
    tables.sort_by_key(|table| usize::MAX - shares(table));
    tables.dedup();
    let inner = format!(".{}", node.name());
    let fit = tables
        .into_iter()
        .filter(|table| shares(table) > 0 || table.ends_with(&inner));
    let real = fit.map(|table| match table {
        "app.web" => format!("app.{}", node.name()),
        TARGET => [
            &known.path("app.web.target", node.key.start)[..],
            &[node.name().to_owned()],
        ]
        .concat()
        .join("."),
        table => known.path(table, node.key.start).join("."),
    });
    real.collect()
}

/// The header above the first of the keys that have none.
pub(super) fn header_above(known: &Known<'_>, table: &str) -> Option<Fix> {
    let keys = known
        .tree
        .children(&[])
        .filter(|node| !node.has_header(known.text));
    let first = keys.map(|node| node.key.start).min()?;
    let at = line_at(known.text, first).start;
    let header = if table == "haproxy" {
        "[[haproxy]]".to_owned()
    } else {
        format!("[{table}]")
    };
    Some(Fix::one(at..at, format!("{header}\n")))
}

/// A table that the file lacks, and the other one that it must have.
pub(super) fn missing(known: &Known<'_>, table: &str, more: &str) -> Vec<Fix> {
    let other = match known
        .tree
        .children(&[])
        .any(|node| node.name() == "haproxy")
    {
        false if table == "app.web" => required("haproxy", ""),
        _ => String::new(),
    };
    let lines = format!("{}{more}{other}", required(table, "web"));
    vec![append(known.text, &lines)]
}
