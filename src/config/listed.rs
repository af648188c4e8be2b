//! The names in a configuration, despite mistakes elsewhere in it, for the completions of a shell.

use super::page::settings::PAGE;
use crate::state::permissions;
use crate::text::escape;
use std::path::Path;
use toml::{Table, Value};

/// The names of the apps.
pub fn app_names(path: &Path) -> Vec<String> {
    let apps = apps(path);
    let names = apps.keys().filter(|name| is_one_word(name));
    names.cloned().collect()
}

/// What `agent probe` takes as APP/TARGET: the targets, and the page.
pub fn target_names(path: &Path) -> Vec<String> {
    let apps = apps(path);
    let named = apps.iter().flat_map(|(app, table)| {
        let targets = table.get("target").and_then(Value::as_table);
        let page = table.get("page").map(|_| PAGE);
        let names = targets.into_iter().flat_map(Table::keys);
        let names = names.map(String::as_str).chain(page);
        names.map(move |target| format!("{app}/{target}"))
    });
    named.filter(|name| is_one_word(name)).collect()
}

fn apps(path: &Path) -> Table {
    let text = permissions::read(path).unwrap_or_default();
    let mut table = toml::from_str::<Table>(&text).unwrap_or_default();
    match table.remove("app") {
        Some(Value::Table(apps)) => apps,
        _ => Table::new(),
    }
}

/// A shell takes it for one word.
fn is_one_word(name: &str) -> bool {
    !escape(name).contains([' ', '\\'])
}
