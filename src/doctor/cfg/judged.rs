//! Our lines of a backend of the file, in the form that is judged, the same as for the stats socket.

use super::expected::Expected;
use crate::doctor::lines::line::{AGENT, Backend, Line, NONE, first_three};
use crate::haproxy::cfg::checks::Checks;
use crate::haproxy::cfg::front::{Front, users_ports};
use crate::haproxy::cfg::ours::{Ours, Placed};
use crate::haproxy::cfg::server::{ADDRESS, Server, WORDS, Words};
use crate::haproxy::cfg::words::written;

/// `web1, web2, web3 and 4 more`. None if there are none.
pub(super) fn names<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Option<String> {
    let names: Vec<&str> = servers.into_iter().map(|s| s.name.as_str()).collect();
    first_three(&names)
}

/// The names of our lines that are so, if there are some.
pub(super) fn names_of(ours: &Ours<'_>, are: impl Fn(&Server) -> bool) -> Option<String> {
    names(ours.all().filter(|server| are(server)))
}

pub(super) fn backend(ours: &Ours<'_>, fronts: &[Front], expected: &Expected<'_>) -> Backend {
    let checks = Checks::of(&ours.proxy.settings);
    let users = users_ports(fronts, &ours.proxy.name);
    let lines = ours.lines.iter();
    let one = |line| {
        let mut one = Line {
            port: port(line, users.as_deref(), expected),
            ..judged(line, &checks, expected)
        };
        if !ours.proxy.settings.http {
            // Nothing reads one: that is known, also where HAProxy hides cookies.
            (one.cookie, one.written.1) = (Some(NONE.to_owned()), None);
        }
        one
    };
    Backend {
        of: ours.proxy.name.clone(),
        lines: lines.map(one).collect(),
        ports: expected.ports,
        hides_cookies: false,
        derives_cookies: ours.proxy.settings.http && ours.derives_cookies(),
    }
}

fn judged(line: &Placed<'_>, checks: &Checks, expected: &Expected<'_>) -> Line {
    let (server, words) = (line.server, &line.server.words);
    let shown = |hiding: &[&str], value: String| (!words.hides(hiding)).then_some(value);
    let none = || NONE.to_owned();
    // What a rule says about its place is judged by itself.
    let by_line = !checks.have_place();
    let at = place(server, expected.ports.port);
    let other = words.check_host.as_deref();
    Line {
        name: server.name.clone(),
        is_main: line.is_main,
        at: line.at,
        host: shown(&[ADDRESS], server.host.clone()),
        port: None,
        users_port: server.offset.is_some(),
        cookie: shown(
            &["cookie", WORDS],
            words.cookie.as_deref().map_or_else(none, str::to_owned),
        ),
        written: (written(&at), words.cookie.as_deref().map(written)),
        backup: words.backup,
        checked: server
            .checked()
            .filter(|_| by_line && !server.hides_checked()),
        by_command: checks.by_command(),
        elsewhere: by_line
            && !words.hides(&["addr", ADDRESS])
            && other.is_some_and(|at| at != server.host),
        unchecked: unchecked(words),
        fall: (!words.hides(&["fall"])).then_some(words.fall.into()),
    }
}

/// `ADDRESS:PORT` of a line. One without a port of its own is to have this one.
fn place(server: &Server, port: u16) -> String {
    let port = server.port.unwrap_or(port);
    match server.host.contains(':') {
        true => format!("[{}]:{port}", server.host),
        false => format!("{}:{port}", server.host),
    }
}

/// What the line has in place of a check of its own.
fn unchecked(words: &Words) -> Option<&'static str> {
    match (&words.track, words.check, words.no_check) {
        (Some(_), ..) => Some("track"),
        (None, true, _) => None,
        _ if words.hides(&[WORDS]) => None,
        (None, false, true) => Some("no-check"),
        (None, false, false) if words.agent_check => Some(AGENT),
        (None, false, false) => Some(""),
    }
}

/// The port that the users of a line come to: the first that is not the app's, if there is one.
fn port(line: &Placed<'_>, users: Option<&[u16]>, expected: &Expected<'_>) -> Option<u16> {
    let server = line.server;
    if server.words.hides(&[ADDRESS]) {
        return None;
    }
    let Some(offset) = server.offset else {
        return server.port;
    };
    let moved = |port: &u16| u16::try_from(i32::from(*port) + offset).unwrap_or(0);
    let mut ports = users?.iter().map(moved);
    let first = ports.clone().next();
    ports.find(|port| *port != expected.ports.port).or(first)
}
