//! Several balancers in one value: each has a table of its own.

use super::edits::comment_out;
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{section, whole_line};
use super::near::near;
use super::place;
use super::tree::Node;
use crate::config::balancer::is_address;
use toml::Value;

/// A `[[haproxy]]` table for each address, with the other keys of this one. No address may be lost.
pub(super) fn balancers(known: &Known<'_>, node: &Node, value: &Value) -> Option<Fix> {
    let is_socket = !near(node.name(), ["socket"]).is_empty();
    let table = known
        .tree
        .get(node.parent())
        .filter(|_| node.path[0] == "haproxy" && is_socket)?;
    if !known.at(&table.value).starts_with('[') {
        return None;
    }
    let addresses = addresses(value)?;
    let has_one = siblings(known, node).any(|key| key.name() == "socket");
    let (here, others) = match has_one {
        true => (None, &addresses[..]),
        false => addresses
            .split_first()
            .map(|(first, others)| (Some(first), others))?,
    };
    if others.is_empty() {
        return None;
    }
    let here = match here {
        Some(address) => Fix::one(node.key.start..node.value.end, socket(address)),
        None => Fix::one(whole_line(known.text, node.key.start), ""),
    };
    let end = section(known.text, table.value.start).end;
    let newline = if known.text[..end].ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let same = same(known, node);
    let tables = others
        .iter()
        .map(|other| format!("[[haproxy]]\n{}\n{same}", socket(other)));
    Some(here.and(Edit {
        at: end..end,
        text: format!("{newline}{}", tables.collect::<String>()),
    }))
}

/// The table of a balancer that another table has already.
pub(super) fn again(known: &Known<'_>, node: &Node, text: &str) -> Option<Fix> {
    let sockets = known.tree.all().filter(|other| other.path[0] == "haproxy");
    let mut sockets = sockets.filter(|other| other.name() == "socket" && other.path != node.path);
    let given = known.at(&node.value);
    let is_again = node.name() == "socket" && sockets.any(|other| known.at(&other.value) == given);
    let table = known.tree.get(node.parent()).filter(|_| is_again)?;
    let section = section(text, table.value.start);
    let section = section.start..section.start + known.at(&section).trim_end().len();
    Some(comment_out(text, section))
}

/// None: not each of them is an address.
fn addresses(value: &Value) -> Option<Vec<String>> {
    let texts: Vec<&str> = match value {
        Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>()?,
        Value::String(text) => text
            .split([',', ' '])
            .filter(|one| !one.is_empty())
            .collect(),
        _ => return None,
    };
    texts.into_iter().map(address).collect()
}

pub(super) fn socket(address: &str) -> String {
    format!("socket = {}", Value::from(address))
}

fn siblings<'a>(known: &'a Known<'_>, node: &'a Node) -> impl Iterator<Item = &'a Node> {
    let keys = known.tree.children(node.parent());
    keys.filter(|key| key.path != node.path)
}

/// The lines of the other keys. Only the first balancer can have this master CLI.
fn same(known: &Known<'_>, node: &Node) -> String {
    let keys = siblings(known, node).filter(|key| !["socket", "master"].contains(&key.name()));
    let mut keys: Vec<&Node> = keys.collect();
    keys.sort_by_key(|key| key.key.start);
    let lines = keys.into_iter();
    lines
        .map(|key| format!("{}\n", &known.text[key.key.start..key.value.end]))
        .collect()
}

pub(super) fn address(given: &str) -> Option<String> {
    let spelt = place::socket(given);
    let mut all = [given.to_owned()].into_iter().chain(spelt);
    all.find(|address| is_address(address))
}
