//! A configuration with its mistake, and what may be in one.

use super::reference::{Entry, NAME, is_of_target, table_of};
use super::tree::{Node, Tree};
use std::ops::Range;

pub(crate) struct Known<'a> {
    pub text: &'a str,
    pub tree: &'a Tree,
    pub entries: &'a [Entry],
}

impl<'a> Known<'a> {
    /// The keys that a table may have.
    pub(crate) fn keys(&self, table: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let entries = self.entries.iter();
        let of_table: Vec<_> = entries.filter(|entry| entry.table == table).collect();
        of_table.into_iter().map(|entry| entry.key.as_str())
    }

    /// The values of the examples of a key of the table with this path. Those of a target have its
    /// name.
    pub(crate) fn examples(&self, path: &[String], key: &str) -> Vec<String> {
        let examples = self.annotated(&table_of(path), key).into_iter();
        examples
            .map(|value| match is_of_target(path) {
                true => value.replace(NAME, &path[3]),
                false => value,
            })
            .collect()
    }

    fn annotated(&self, table: &str, key: &str) -> Vec<String> {
        if (table, key) == ("haproxy", "app") {
            let path = ["app".to_owned()];
            let apps = self.tree.children(&path).map(Node::name);
            return apps
                .map(|name| toml::Value::from(name).to_string())
                .collect();
        }
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.table == table && entry.key == key);
        match entry {
            Some(entry) => entry
                .values
                .iter()
                .flat_map(|value| other_ports(value))
                .collect(),
            None => self.whole(&format!("{table}.{key}")).into_iter().collect(),
        }
    }

    /// A table with its own header, in one line.
    fn whole(&self, table: &str) -> Option<String> {
        let of_table = self.entries.iter().filter(|entry| entry.table == table);
        let pairs = of_table.map(|entry| format!("{} = {}", entry.key, entry.values[0]));
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| format!("{{ {} }}", pairs.join(", ")))
    }

    /// The path of a table. The app is the one above this place.
    pub(crate) fn path(&self, table: &str, at: usize) -> Vec<String> {
        let mut path: Vec<String> = table.split('.').map(str::to_owned).collect();
        if let (Some(app), true) = (self.tree.app_above(at), path[0] == "app") {
            path[1] = app.name().to_owned();
        }
        if path.len() > 3 && path[2] == "target" {
            let above = self.tree.last_above(&path[..3], at);
            path[3] = above.map_or_else(|| path[3].clone(), |target| target.name().to_owned());
        }
        path
    }

    /// The text at this range.
    pub(crate) fn at(&self, range: &Range<usize>) -> &'a str {
        &self.text[range.clone()]
    }

    /// Where a pair can be added to a table, and the text that adds it.
    pub(crate) fn adding_to(&self, table: &Node, pair: &str) -> (usize, String) {
        let value = self.at(&table.value);
        match value.starts_with('[') {
            true => {
                let below = super::lines::whole_line(self.text, table.value.start).end;
                let is_ended = self.text[..below].ends_with('\n');
                (
                    below,
                    format!("{}{pair}\n", if is_ended { "" } else { "\n" }),
                )
            }
            false => {
                let inner = value.trim_end_matches('}').trim_end();
                let comma = if inner.ends_with('{') { "" } else { "," };
                (table.value.start + inner.len(), format!("{comma} {pair}"))
            }
        }
    }
}

/// A port of an example may be taken already.
fn other_ports(value: &str) -> Vec<String> {
    let next = |number: u32| (0..10).map(|n| (number + n).to_string()).collect();
    value.parse().map_or_else(|_| vec![value.to_owned()], next)
}
