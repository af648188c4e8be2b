//! Removes one key.

use super::fix::Fix;
use super::known::Known;
use super::lines::{line_at, whole_line};
use super::tree::Node;

/// Whether a key has its line for itself.
pub(super) fn is_alone(known: &Known<'_>, node: &Node) -> bool {
    let line = known.at(&line_at(known.text, node.key.start));
    line.trim_start().starts_with(known.at(&node.key))
}

/// Removes a key with its line, or from its `{ ... }`.
pub(super) fn removed(known: &Known<'_>, node: &Node) -> Fix {
    match is_alone(known, node) {
        true => Fix::one(whole_line(known.text, node.key.start), ""),
        false => without(known, node),
    }
}

/// Removes a key of a `{ ... }` with its comma.
pub(super) fn without(known: &Known<'_>, node: &Node) -> Fix {
    let rest = &known.text[node.value.end..];
    if rest.trim_start().starts_with(',') {
        let comma = rest.len() - rest.trim_start_matches([' ', ',']).len();
        return Fix::one(node.key.start..node.value.end + comma, "");
    }
    let before = known.text[..node.key.start].trim_end_matches([' ', ',']);
    let space = if before.ends_with('{') { " " } else { "" };
    Fix::one(before.len()..node.value.end, space)
}
