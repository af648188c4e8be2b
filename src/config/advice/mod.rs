//! What to write in place of a mistake. Nothing here knows a single mistake: each kind of place
//! has candidates, from the examples of the annotated configuration and from the value itself.
//! Each candidate is read as a whole configuration. The first one that is right is shown.

mod edits;
mod fix;
mod health;
mod keys;
mod known;
mod lines;
mod near;
mod outside;
mod place;
pub mod reference;
mod removal;
mod several;
mod shares;
mod spelling;
mod syntax;
mod tables;
mod targets;
mod tree;
mod unnamed;
mod value;

#[cfg(test)]
mod tests;

pub use fix::Step;

use super::mistake::{About, Mistake};
use edits::comment_out;
use fix::Fix;
use known::Known;
use reference::entries;
use std::ops::Range;
use tree::Tree;

pub(super) use lines::line_number;
pub(super) use near::near;
pub(super) use reference::table_of;
pub(crate) use spelling::time as meant_time;
pub(super) use tree::{Node, Tree as Keys};
pub(super) use unnamed::describe as of_unnamed_table;

/// Each candidate costs one reading of the text.
const LARGEST: usize = 64 * 1024;

/// What to write for this mistake. `check` reads a text and says where its first mistake is.
pub(super) fn advise(
    text: &str,
    mistake: &Mistake,
    check: impl Fn(&str) -> Result<(), Range<usize>>,
) -> Vec<Step> {
    if text.len() > LARGEST {
        return Vec::new();
    }
    let mut moved_on = None;
    for fix in candidates(text, mistake) {
        let (new, places) = fix.apply(text);
        if new == text {
            continue;
        }
        match check(&new) {
            Ok(()) => return shown(text, &fix),
            Err(at)
                if moved_on.is_none()
                    && is_elsewhere((text, mistake.at.start), (&new, &at), &places) =>
            {
                moved_on = Some(fix);
            }
            Err(_) => {}
        }
    }
    moved_on.map_or_else(Vec::new, |fix| shown(text, &fix))
}

/// Nothing that would look different on the screen than in the file.
fn shown(text: &str, fix: &Fix) -> Vec<Step> {
    let steps = fix.steps(text);
    let is_plain =
        |line: &String| crate::text::escape(&line.replace('\t', " ")) == line.replace('\t', " ");
    match steps.iter().flat_map(|step| &step.lines).all(is_plain) {
        true => steps,
        false => Vec::new(),
    }
}

/// Whether the next mistake is at none of the new pairs, and not the one that was there.
fn is_elsewhere(old: (&str, usize), new: (&str, &Range<usize>), places: &[Range<usize>]) -> bool {
    let (text, at) = new;
    let tree = Tree::of(text);
    let touches = |place: &Range<usize>| {
        let place = tree.pair(place, text);
        match place.is_empty() {
            true => at.start < place.start && place.start < at.end,
            false => at.start <= place.end && place.start <= at.end,
        }
    };
    numbered(old) != numbered((text, at.start)) && !places.iter().any(touches)
}

fn numbered((text, at): (&str, usize)) -> (usize, &str) {
    (line_number(text, at), &text[lines::line_at(text, at)])
}

fn candidates(text: &str, mistake: &Mistake) -> Vec<Fix> {
    let (tree, entries) = (Tree::of(text), entries());
    let known = Known {
        text,
        tree: &tree,
        entries: &entries,
    };
    let node = tree.of_mistake(&mistake.at, mistake.key);
    let mut all = match (&mistake.about, node) {
        (About::Table { table, more }, _) => tables::missing(&known, table, more),
        (About::Syntax, _) => {
            let beside = targets::beside_tables(&known).into_iter();
            beside.chain(syntax_of(&known, &mistake.at)).collect()
        }
        (About::Duplicate, _) => tables::twice(text, &mistake.at),
        (About::Unknown, Some(node)) => keys::unknown(&known, node),
        (About::Missing(key), Some(node)) => keys::missing(&known, node, key),
        (About::Value, Some(node)) => of_value(&known, node, &mistake.at),
        (_, None) => Vec::new(),
    };
    let nameless = targets::without_name(&known);
    all.splice(
        0..0,
        tables::without_name(&known)
            .into_iter()
            .chain(nameless)
            .chain(unnamed::named(&known)),
    );
    all
}

/// A line without a value also gets the example of its key.
fn syntax_of(known: &Known<'_>, at: &Range<usize>) -> Vec<Fix> {
    let line = lines::line_at(known.text, at.start);
    let (content, comment) = lines::comment(&known.text[line.clone()]);
    let name = content
        .split([' ', '=', ':', '\t'])
        .next()
        .unwrap_or_default();
    let names = known.entries.iter().map(|entry| entry.key.as_str());
    let meant = near(name, names);
    let examples = known
        .entries
        .iter()
        .filter(|entry| meant.first() == Some(&entry.key.as_str()));
    let examples = examples.flat_map(|entry| {
        entry
            .values
            .iter()
            .map(|value| format!("{} = {value}", entry.key))
    });
    let written = |pair: String| Fix::one(line.clone(), pair + comment);
    let examples = examples.map(written);
    let value = content[name.len()..].trim_matches([' ', '=', ':', '\t', '"', '\'']);
    let value = toml::Value::from(value);
    let key = meant.first().copied().unwrap_or_default();
    let of_text = value::candidates(key, &value, &[]).into_iter();
    let of_text = of_text.map(|value| written(format!("{key} = {value}")));
    let mut all = syntax::candidates(known.text, at);
    let last = all.pop();
    all.into_iter()
        .chain(of_text)
        .chain(examples)
        .chain(last)
        .collect()
}

/// `main = ["web1"]`: its one name, beside the backend that it needs.
fn named(known: &Known<'_>, node: &Node, value: &toml::Value) -> Option<Fix> {
    let is_name = node.path[0] == "haproxy" && ["main", "backup"].contains(&node.name());
    let name = value
        .as_array()
        .filter(|list| is_name && list.len() == 1)?
        .first()?;
    let lacks = |key: &str| {
        !known
            .tree
            .children(node.parent())
            .any(|node| node.name() == key)
    };
    let example = |key: &&str| {
        Some(format!(
            "\n{key} = {}",
            known.examples(node.parent(), key).first()?
        ))
    };
    let others = ["backend", "main"].into_iter().filter(|key| lacks(key));
    let others: String = others.filter_map(|key| example(&key)).collect();
    Some(Fix::one(node.value.clone(), format!("{name}{others}")))
}

fn of_value(known: &Known<'_>, node: &Node, at: &Range<usize>) -> Vec<Fix> {
    let text = known.text;
    let given = &known.text[node.value.clone()];
    if node.key == *at && [2, 4].contains(&node.path.len()) {
        return tables::named(known.text, node);
    }
    if node.has_header(known.text) {
        let list = targets::of_list(known, node).filter(|_| node.name() == "target");
        let others = tables::of_header(known, node);
        return list.into_iter().chain(others).collect();
    }
    if let Some(fix) = targets::level(known, node) {
        return vec![fix];
    }
    let Ok(value) = given.parse::<toml::Value>() else {
        return Vec::new();
    };
    let is_of_health = || table_of(node.parent()) == "app.web.health";
    if node.name() == "verify" && is_of_health() {
        return health::verify(known, node, &value);
    }
    let mut examples = known.examples(node.parent(), node.name());
    if node.name() == "status" {
        examples.clear();
    }
    // A network is no address. Without the key the agent sees by itself where checks come from.
    let is_network = |value: &toml::Value| value.as_str().is_some_and(|text| text.contains('/'));
    if node.name() == "source"
        && value
            .as_array()
            .is_some_and(|list| list.iter().any(is_network))
    {
        return vec![comment_out(text, lines::line_at(text, node.key.start))];
    }
    let all = value::candidates(node.name(), &value, &examples).into_iter();
    let replaced = all.map(|value| Fix::one(node.value.clone(), value));
    let each = several::balancers(known, node, &value).into_iter();
    // Without a status several are right.
    let left_out = (node.name() == "status").then(|| removal::without(known, node));
    let again = several::again(known, node, text);
    let own = again.into_iter().chain(health::url(known, node, &value));
    let own = own.chain(targets::named(known, node, &value));
    let own = own.chain(targets::unit(known, node));
    let own = own.chain(outside::balancer(known, node)).chain(each);
    own.chain(named(known, node, &value))
        .chain(replaced)
        .chain(left_out)
        .collect()
}
