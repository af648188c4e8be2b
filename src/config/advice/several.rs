//! Several balancers in one value: each has a table of its own.

use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::section;
use super::near::near;
use super::place;
use super::tree::Node;
use crate::config::balancer::is_address;
use toml::Value;

/// A `[[haproxy]]` table for each address. No address may be lost.
pub(super) fn balancers(known: &Known<'_>, node: &Node, value: &Value) -> Option<Fix> {
    let is_socket = !near(node.name(), ["socket"]).is_empty();
    let table = known
        .tree
        .get(node.parent())
        .filter(|_| node.path[0] == "haproxy" && is_socket)?;
    let texts: Vec<&str> = match value {
        Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>()?,
        Value::String(text) => text.split(',').map(str::trim).collect(),
        _ => return None,
    };
    let addresses = texts
        .into_iter()
        .map(address)
        .collect::<Option<Vec<String>>>()?;
    let (first, others) = addresses.split_first().filter(|_| addresses.len() > 1)?;
    if !known.at(&table.value).starts_with('[') {
        return None;
    }
    let line = |address: &String| format!("socket = {}", Value::from(address.as_str()));
    let end = section(known.text, table.value.start).end;
    let lacks_newline = !known.text[..end].ends_with('\n');
    let tables = others
        .iter()
        .map(|other| format!("[[haproxy]]\n{}\n", line(other)));
    let tables: String = tables.collect();
    let newline = if lacks_newline { "\n" } else { "" };
    let first = Fix::one(node.key.start..node.value.end, line(first));
    Some(first.and(Edit {
        at: end..end,
        text: format!("{newline}{tables}"),
    }))
}

fn address(given: &str) -> Option<String> {
    let spelt = place::socket(given);
    let mut all = [given.to_owned()].into_iter().chain(spelt);
    all.find(|address| is_address(address))
}
