//! An address or a path in another notation.

use std::net::{IpAddr, Ipv6Addr};
use toml::Value;

/// Keys whose value is a place of this host or of a balancer.
pub(super) const OWN: [&str; 10] = [
    "socket",
    "master",
    "metrics",
    "gate_to",
    "address",
    "addresses",
    "source",
    "pidfile",
    "ca",
    "systemd",
];

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

pub(super) fn candidates(key: &str, given: &str) -> Vec<Value> {
    match key {
        "socket" | "master" => socket(given).into_iter().map(text).collect(),
        "metrics" => metrics(given).into_iter().map(text).collect(),
        "gate_to" => gate_to(given),
        "address" => vec![text(host(given))],
        "http" | "https" => vec![text(url_path(given))],
        "pidfile" | "ca" | "state_dir" | "hold_dir" | "history_dir" => {
            rooted(given).into_iter().map(text).collect()
        }
        // A path of a unit's file.
        "systemd" => {
            let file = given.rsplit('/').next();
            let file = file.map(|file| file.strip_suffix(".service.service").unwrap_or(file));
            file.filter(|file| !file.is_empty())
                .map(text)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The scheme, as a browser or HAProxy writes it, and the rest.
fn parts(given: &str) -> (&str, &str) {
    let parts = given.split_once("://").or(given.split_once('@'));
    let (scheme, rest) = parts.unwrap_or(("", given));
    match rest.trim_end_matches('/') {
        "" => (scheme, rest),
        trimmed => (scheme, trimmed),
    }
}

/// The host and the port, if it has both.
fn host_and_port(rest: &str) -> Option<(&str, u16)> {
    let (host, port) = rest.rsplit_once(':')?;
    Some((host, port.parse().ok()?)).filter(|(host, _)| !host.contains('/'))
}

/// A stats socket as HAProxy or a browser writes it.
pub(super) fn socket(given: &str) -> Vec<String> {
    let (scheme, rest) = parts(given);
    let is_unix = scheme.starts_with("unix") || scheme == "file";
    match host_and_port(rest) {
        Some((host, _)) if !host.is_empty() => vec![format!("tcp://{rest}")],
        _ if rest.starts_with('/') => vec![rest.to_owned()],
        _ if is_unix => vec![format!("/{rest}")],
        _ if scheme == "tcp" || rest.parse::<IpAddr>().is_ok() => {
            vec![format!("tcp://{rest}:9999")]
        }
        _ => rooted(rest).into_iter().collect(),
    }
}

/// `{ address = "127.0.0.1", port = 9127 }`.
pub(super) fn joined(table: &toml::Table) -> Option<Value> {
    let names = ["address", "host", "bind", "listen", "ip"];
    let host = names.iter().find_map(|name| table.get(*name)?.as_str())?;
    let port = table.get("port")?;
    Some(text(format!(
        "{host}:{}",
        port.to_string().trim_matches('"')
    )))
}

/// Only loopback can be right.
fn metrics(given: &str) -> Vec<String> {
    let (_, rest) = parts(given);
    let rest = match rest.starts_with('/') {
        true => return vec![rest.to_owned()],
        false => rest.split('/').next().unwrap_or_default(),
    };
    let local = host_and_port(rest).map(|(_, port)| format!("127.0.0.1:{port}"));
    let known = [rest.to_owned()].into_iter().chain(local);
    known.chain(rooted(given)).collect()
}

/// A port alone is this host's, so the address must be this host's, too.
fn gate_to(given: &str) -> Vec<Value> {
    let (_, rest) = parts(given);
    let rest = rest.split('/').next().unwrap_or_default();
    let Some((host, port)) = host_and_port(rest) else {
        return Vec::new();
    };
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = ip
        .as_ref()
        .map_or(host.is_empty() || host == "localhost", |ip| {
            ip.is_loopback() || ip.is_unspecified()
        });
    match ip {
        _ if is_here => vec![Value::Integer(port.into())],
        // The last group of an address without brackets looks like a low port.
        Ok(IpAddr::V6(_)) if !host.starts_with('[') && port < 1000 => Vec::new(),
        Ok(ip) => vec![text(std::net::SocketAddr::new(ip, port).to_string())],
        Err(_) => Vec::new(),
    }
}

/// Without brackets and port.
fn host(given: &str) -> String {
    let (_, rest) = parts(given);
    let alone = match host_and_port(rest) {
        Some((host, _)) if rest.parse::<Ipv6Addr>().is_err() => host,
        _ => rest,
    };
    alone.trim_matches(['[', ']']).to_owned()
}

/// The path of a URL, without what a request line can't have.
pub(super) fn url_path(given: &str) -> String {
    let rest = given.split_once("://").map_or(given, |(_, rest)| {
        rest.find('/').map_or("", |at| &rest[at..])
    });
    let path: String = rest.chars().filter(char::is_ascii_graphic).collect();
    format!("/{}", path.trim_start_matches('/'))
}

/// A path from the root, if it has one of the root's folders.
fn rooted(given: &str) -> Option<String> {
    let folders = ["run/", "var/", "etc/", "tmp/", "opt/", "usr/", "srv/"];
    let given = given.trim_start_matches("./");
    let has_folder = folders.iter().any(|folder| given.starts_with(folder));
    has_folder.then(|| format!("/{given}"))
}
