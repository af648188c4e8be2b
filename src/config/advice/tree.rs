//! The keys of a configuration with their places, also where its shape is wrong.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// One key, or one table of a list.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// From the root, with a number for each place in a list.
    pub path: Vec<String>,
    /// The key itself.
    pub key: Range<usize>,
    /// Its value; for a table with a header, the header.
    pub value: Range<usize>,
    /// TOML's name of the value's type.
    pub kind: &'static str,
}

impl Node {
    pub(crate) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Whether it is a table or a list of tables with headers, not a value behind `=`.
    pub(crate) fn has_header(&self, text: &str) -> bool {
        let value = &text[self.value.clone()];
        let is_implied = value == &text[self.key.clone()] && self.kind == "table";
        is_implied || value.starts_with('[') && self.kind == "table" || value.starts_with("[[")
    }

    pub(crate) fn parent(&self) -> &[String] {
        &self.path[..self.path.len() - 1]
    }
}

pub(crate) struct Tree(Vec<Node>);

impl Tree {
    pub(crate) fn of(text: &str) -> Tree {
        let (document, _) = DeTable::parse_recoverable(text);
        let mut nodes = Vec::new();
        collect(document.get_ref(), &[], &mut nodes);
        Tree(nodes)
    }

    /// The key there, or the key with the value there, or the one whose value contains it.
    pub(crate) fn at(&self, at: &Range<usize>) -> Option<&Node> {
        let exact = |node: &&Node| node.key == *at || node.value == *at;
        let around = |node: &&Node| node.value.start <= at.start && at.end <= node.value.end;
        let nearest = || {
            self.0
                .iter()
                .filter(around)
                .min_by_key(|node| node.value.len())
        };
        self.0.iter().find(exact).or_else(nearest)
    }

    /// The place of a mistake: this key, or a key of the table there.
    pub(crate) fn of_mistake(&self, at: &Range<usize>, key: Option<&str>) -> Option<&Node> {
        let node = self.at(at)?;
        let inner = key.and_then(|key| self.get(&[&node.path[..], &[key.to_owned()]].concat()));
        Some(inner.unwrap_or(node))
    }

    /// The smallest pair around this place, or the place itself. A table is its pairs.
    pub(crate) fn pair(&self, place: &Range<usize>, text: &str) -> Range<usize> {
        let pairs = self.0.iter().filter(|node| !node.has_header(text));
        let pairs = pairs.map(|node| node.key.start.min(node.value.start)..node.value.end);
        let around = pairs.filter(|pair| pair.start <= place.start && place.end <= pair.end);
        let smallest = around.min_by_key(Range::len);
        smallest
            .filter(|_| !place.is_empty())
            .unwrap_or(place.clone())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Node> {
        self.0.iter()
    }

    pub(crate) fn get(&self, path: &[String]) -> Option<&Node> {
        self.0.iter().find(|node| node.path == path)
    }

    pub(crate) fn children(&self, path: &[String]) -> impl Iterator<Item = &Node> {
        let is_child = |node: &&Node| node.path.len() == path.len() + 1;
        let nodes = self.0.iter().filter(is_child);
        nodes.filter(move |node| node.parent() == path)
    }

    /// The app above this place, or else the first one.
    pub(crate) fn app_above(&self, at: usize) -> Option<&Node> {
        self.last_above(&["app".to_owned()], at)
    }

    /// The key of this table above this place, or else its first one.
    pub(crate) fn last_above(&self, table: &[String], at: usize) -> Option<&Node> {
        let above = self.children(table).filter(|node| node.key.start < at);
        let above = above.max_by_key(|node| node.key.start);
        above.or_else(|| self.children(table).next())
    }
}

fn collect(table: &DeTable<'_>, path: &[String], nodes: &mut Vec<Node>) {
    for (key, value) in table {
        let path = [path, &[key.get_ref().to_string()]].concat();
        nodes.push(Node {
            path: path.clone(),
            key: key.span(),
            value: value.span(),
            kind: value.get_ref().type_str(),
        });
        within(value.get_ref(), &path, nodes);
    }
}

fn within(value: &DeValue<'_>, path: &[String], nodes: &mut Vec<Node>) {
    match value {
        DeValue::Table(table) => collect(table, path, nodes),
        DeValue::Array(list) => {
            for (at, element) in list.iter().enumerate() {
                if let DeValue::Table(table) = element.get_ref() {
                    let path = [path, &[at.to_string()]].concat();
                    let (key, value) = (element.span(), element.span());
                    nodes.push(Node {
                        path: path.clone(),
                        key,
                        value,
                        kind: "table",
                    });
                    collect(table, &path, nodes);
                }
            }
        }
        _ => {}
    }
}
