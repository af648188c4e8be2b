//! A health check as a browser, HAProxy or another tool writes it: a URL, a request, a port.

use super::fix::{Edit, Fix};
use super::known::Known;
use super::removal::removed;
use super::spelling::flag;
use super::tree::Node;
use std::net::IpAddr;
use toml::Value;

/// A text that begins so is a command line.
pub(super) const PROGRAMS: [&str; 5] = ["/usr/", "/bin/", "/sbin/", "/opt/", "/etc/"];

const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "POST"];

/// The parts of a URL or of a request's first line.
struct Asked<'a> {
    is_https: bool,
    host: &'a str,
    port: Option<u16>,
    path: String,
}

impl<'a> Asked<'a> {
    fn of(given: &'a str) -> Asked<'a> {
        let given = given.trim();
        let (first, behind) = given.split_once(' ').unwrap_or((given, ""));
        let is_request = METHODS.contains(&first);
        let (scheme, rest) = match is_request {
            true => ("", behind.split(' ').next().unwrap_or_default()),
            false => given.split_once("://").unwrap_or(("", given)),
        };
        let (before, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = before.rsplit_once(':');
        let port = port.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let is_host =
            !scheme.is_empty() || port.is_some() || before.contains('.') && !path.is_empty();
        let (host, port) = match (is_host, port) {
            (true, Some((host, port))) => (host, Some(port)),
            (true, None) => (before, None),
            (false, _) => ("", None),
        };
        Asked {
            is_https: scheme == "https",
            host,
            port,
            path: super::place::url_path(if is_host { path } else { rest }),
        }
    }

    /// A name that the app may need in the request, or in its certificate.
    fn name(&self) -> Option<&'a str> {
        let is_name = self.host.contains('.') && self.address().is_none();
        is_name.then_some(self.host)
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }
}

/// Whether a text for the whole health check is a path, a URL or a request.
fn is_url(given: &str) -> bool {
    let words = given.split_whitespace().count();
    let is_request = METHODS
        .iter()
        .any(|method| given.starts_with(&format!("{method} ")));
    let is_program = PROGRAMS.iter().any(|folder| given.starts_with(folder));
    !is_program && given.contains('/') && (words == 1 || is_request)
}

/// A URL or a request in place of a path, or in place of the whole table.
pub(super) fn url(known: &Known<'_>, node: &Node, value: &Value) -> Vec<Fix> {
    let only = value.as_array().filter(|list| list.len() == 1);
    let Some(given) = only
        .map_or(Some(value), |list| list.first())
        .and_then(Value::as_str)
    else {
        return Vec::new();
    };
    let (asked, is_whole) = (Asked::of(given), node.name() == "health");
    if !is_of_health(node) || is_whole && !is_url(given) {
        return Vec::new();
    }
    let siblings = known.tree.children(node.parent()).map(Node::name);
    let siblings: Vec<&str> = if is_whole {
        Vec::new()
    } else {
        siblings.collect()
    };
    let needs_host = !["host", "verify"].iter().any(|key| siblings.contains(key));
    let key = match asked.is_https || node.name() == "https" {
        true => "https",
        false => "http",
    };
    let example = (key == "https").then_some("www.example.org");
    let hosts = [
        asked.name().filter(|_| needs_host),
        example.filter(|_| needs_host),
    ];
    let path = Value::from(asked.path.as_str());
    let text = |host: Option<&str>| {
        let parent = known.tree.get(node.parent());
        let is_below = !is_whole && parent.is_some_and(|parent| parent.has_header(known.text));
        let comma = if is_below { "\n" } else { ", " };
        let host = host.map(|host| format!("{comma}host = {}", Value::from(host)));
        let pairs = format!("{key} = {path}{}", host.unwrap_or_default());
        match is_whole {
            true => format!("health = {{ {pairs} }}"),
            false => pairs,
        }
    };
    let at = || node.key.start..node.value.end;
    let fixes = hosts.into_iter().map(|host| Fix::one(at(), text(host)));
    fixes
        .flat_map(|fix| with_port(known, node, &asked, fix))
        .collect()
}

fn is_of_health(node: &Node) -> bool {
    let path: Vec<&str> = node.path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["app", _, "health"] | ["app", _, "health", "http" | "https"]
    )
}

/// The agent asks at `gate_to`, so a port of its own goes there.
fn with_port(known: &Known<'_>, node: &Node, asked: &Asked<'_>, fix: Fix) -> Vec<Fix> {
    let place = |port: u16| match asked.address() {
        Some(ip) if !ip.is_loopback() && !ip.is_unspecified() => {
            Value::from(format!("{}:{port}", asked.host))
        }
        _ => Value::from(i64::from(port)),
    };
    match asked
        .port
        .and_then(|port| gate_to(known, node, port, &place(port)))
    {
        Some(edit) => vec![fix.clone().and(edit), fix],
        None => vec![fix],
    }
}

/// The line of `gate_to`, if the app lacks it and listens on another port.
fn gate_to(known: &Known<'_>, node: &Node, port: u16, place: &Value) -> Option<Edit> {
    let app = node.path.get(..2)?;
    let key = |key: &str| known.tree.get(&[app, &[key.to_owned()]].concat());
    let of_app = key("port").map(|node| known.at(&node.value).to_owned());
    if of_app == Some(port.to_string()) || key("gate_to").is_some() {
        return None;
    }
    let (at, text) = known.adding_to(known.tree.get(app)?, &format!("gate_to = {place}"));
    Some(Edit { at: at..at, text })
}

/// `port = 8080` in the table of the health check.
pub(super) fn port(known: &Known<'_>, node: &Node) -> Option<Fix> {
    let is_port = matches!(node.name(), "port" | "check_port" | "health_port");
    let is_of_health = node.path.len() == 4 && node.path[2] == "health";
    let value = known.at(&node.value).trim_matches(['"', '\'']);
    let port: u16 = value.parse().ok().filter(|_| is_port && is_of_health)?;
    let edit = gate_to(known, node, port, &Value::from(i64::from(port)))?;
    Some(removed(known, node).and(edit))
}

/// A word of its own for `verify`. Only a clear "no" may turn the verification off.
pub(super) fn verify(known: &Known<'_>, node: &Node, value: &Value) -> Vec<Fix> {
    let given = value.to_string();
    let given = given.trim_matches('"');
    let is_off = flag(given) == Some(false) || matches!(given, "0" | "never" | "disabled");
    if is_off {
        return vec![Fix::one(node.value.clone(), "false")];
    }
    let pair = node.key.start..node.value.end;
    vec![
        removed(known, node),
        Fix::one(pair, "host = \"www.example.org\""),
    ]
}
