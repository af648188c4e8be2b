//! `[app.page]` for `[app.web.page]`: a table of an app without the name of the app.

use super::edits::rename;
use super::fix::Fix;
use super::known::Known;
use super::reference::{Entry, entries};
use super::tree::{Node, Tree};

/// The tables that an app has.
const TABLES: [&str; 4] = ["page", "readonly", "timeouts", "target"];

/// Such a table, and the apps of the file. None: it has keys of an app, or there is no other app.
fn unnamed<'a>(tree: &'a Tree, entries: &[Entry]) -> Option<(&'a Node, Vec<&'a Node>)> {
    let all = ["app".to_owned()];
    let apps = || tree.children(&all);
    let has = |node: &Node, table: &str| {
        let is_of = |entry: &Entry, key: &Node| entry.table == table && entry.key == key.name();
        let mut keys = tree.children(&node.path).peekable();
        keys.peek().is_some() && keys.all(|key| entries.iter().any(|entry| is_of(entry, key)))
    };
    let is_target = |node: &Node| {
        let mut targets = tree.children(&node.path);
        node.name() == "target" && targets.any(|target| has(target, super::reference::TARGET))
    };
    let is_it = |node: &&Node| {
        let table = format!("app.web.{}", node.name());
        TABLES.contains(&node.name()) && (has(node, &table) || is_target(node))
    };
    let node = apps().find(is_it)?;
    let others: Vec<&Node> = apps().filter(|app| !TABLES.contains(&app.name())).collect();
    (!others.is_empty()).then_some((node, others))
}

/// The app above it comes first.
pub(super) fn named(known: &Known<'_>) -> Vec<Fix> {
    let Some((node, mut apps)) = unnamed(known.tree, known.entries) else {
        return Vec::new();
    };
    let above = |app: &&Node| app.key.start < node.key.start;
    apps.sort_by_key(|app| (!above(app), usize::MAX - app.key.start));
    let (old, table) = (format!("app.{}", node.name()), node.name());
    let apps = apps.into_iter().map(Node::name);
    apps.map(|app| rename(known.text, &old, &format!("app.{app}.{table}"), false))
        .collect()
}

/// What is wrong, if the mistake is in such a table.
pub(in crate::config) fn describe(tree: &Tree, mistake: &Node) -> Option<String> {
    let (node, apps) = unnamed(tree, &entries())?;
    let (table, apps) = (node.name(), apps.into_iter().map(Node::name));
    let apps: Vec<&str> = apps.collect();
    let (are, apps) = match apps.as_slice() {
        [app] => ("app is", (*app).to_owned()),
        _ => ("apps are", apps.join(", ")),
    };
    mistake.path.starts_with(&node.path).then(|| {
        format!(
            "[app.{table}] lacks the name of its app: write [app.NAME.{table}]; the {are} {apps}"
        )
    })
}
