//! A balancer that is written outside `[[haproxy]]`: its own values go into such a table.

use super::edits::append;
use super::fix::{Edit, Fix};
use super::known::Known;
use super::lines::{line_at, whole_line};
use super::several;
use super::tree::Node;
use toml::Value;

/// `haproxy = "tcp://..."` at the top or in an app, or `socket` in an app.
pub(super) fn balancer(known: &Known<'_>, node: &Node) -> Option<Fix> {
    let value = known.at(&node.value).parse::<Value>().ok()?;
    let path: Vec<&str> = node.path.iter().map(String::as_str).collect();
    let (app, tables) = match path[..] {
        ["haproxy"] => (None, tables(&value)?),
        ["app", app, "haproxy"] => (Some(app), tables(&value)?),
        ["app", app, "socket"] => (Some(app), vec![vec![socket(&value)?]]),
        _ => return None,
    };
    let apps = known.tree.children(&["app".to_owned()]).count();
    let app = app
        .filter(|_| apps > 1)
        .map(|app| format!("app = {}", Value::from(app)));
    let new = tables.into_iter().filter(|pairs| !is_there(known, pairs));
    let new = new.map(|pairs| {
        let lines = pairs.into_iter().chain(app.clone());
        format!("[[haproxy]]\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    });
    let new: String = new.collect();
    let lines = line_at(known.text, node.key.start).start;
    let lines = lines..whole_line(known.text, node.value.end).end;
    let removed = Edit {
        at: lines,
        text: String::new(),
    };
    Some(match new.is_empty() {
        true => Fix::of(vec![removed]),
        false => append(known.text, &new).and(removed),
    })
}

/// The pairs of each balancer.
fn tables(value: &Value) -> Option<Vec<Vec<String>>> {
    match value {
        Value::String(_) => Some(vec![vec![socket(value)?]]),
        Value::Array(list) => {
            let each = list.iter().map(tables).collect::<Option<Vec<_>>>()?;
            Some(each.concat())
        }
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} = {value}"));
            Some(vec![pairs.collect()])
        }
        _ => None,
    }
}

fn socket(value: &Value) -> Option<String> {
    Some(several::socket(&several::address(value.as_str()?)?))
}

/// Whether a balancer has this socket already.
fn is_there(known: &Known<'_>, pairs: &[String]) -> bool {
    let sockets = known
        .tree
        .all()
        .filter(|node| node.path[0] == "haproxy" && node.name() == "socket");
    let mut sockets = sockets.filter(|node| node.path.len() == 3);
    let [pair] = pairs else { return false };
    sockets.any(|node| *pair == format!("socket = {}", known.at(&node.value)))
}
