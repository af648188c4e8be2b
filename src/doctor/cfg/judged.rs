//! Our lines of a backend of the file, in the form that is judged, the same as for the stats socket.

use super::expected::Expected;
use crate::doctor::lines::line::{AGENT, Backend, Line, NONE, first_three};
use crate::haproxy::cfg::checks::Checks;
use crate::haproxy::cfg::ours::{Ours, Placed};
use crate::haproxy::cfg::server::{ADDRESS, Server};
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

pub(super) fn backend(ours: &Ours<'_>, expected: &Expected<'_>) -> Backend {
    let checks = Checks::of(&ours.proxy.settings);
    let lines = ours.lines.iter();
    Backend {
        of: ours.proxy.name.clone(),
        lines: lines.map(|line| judged(line, &checks, expected)).collect(),
        ports: expected.ports,
        hides_cookies: false,
        derives_cookies: ours.derives_cookies(),
    }
}

fn judged(line: &Placed<'_>, checks: &Checks, expected: &Expected<'_>) -> Line {
    let (server, words) = (line.server, &line.server.words);
    let shown = |hiding: &[&str], value: String| (!words.hides(hiding)).then_some(value);
    let none = || NONE.to_owned();
    // What a rule says about its place is judged by itself.
    let by_line = !checks.have_place();
    let host = match server.host.contains(':') {
        true => format!("[{}]", server.host),
        false => server.host.clone(),
    };
    let port = server.port.unwrap_or(expected.ports.port);
    let other = words.check_host.as_deref();
    Line {
        name: server.name.clone(),
        is_main: line.is_main,
        at: line.at,
        host: shown(&[ADDRESS], server.host.clone()),
        port: server.port.filter(|_| !words.hides(&[ADDRESS])),
        cookie: shown(
            &["cookie"],
            words.cookie.as_deref().map_or_else(none, str::to_owned),
        ),
        written: (
            written(&format!("{host}:{port}")),
            words.cookie.as_deref().map(written),
        ),
        backup: words.backup,
        checked: server
            .checked()
            .filter(|_| by_line && !server.hides_checked()),
        by_command: checks.by_command(),
        elsewhere: by_line
            && !words.hides(&["addr", ADDRESS])
            && other.is_some_and(|at| at != server.host),
        unchecked: match (&words.track, words.check, words.no_check) {
            (Some(_), ..) => Some("track"),
            (None, true, _) => None,
            (None, false, true) => Some("no-check"),
            (None, false, false) if words.agent_check => Some(AGENT),
            (None, false, false) => Some(""),
        },
        fall: (!words.hides(&["fall"])).then_some(words.fall.into()),
    }
}
