//! A main line and its twin: that there is one, where it stands, and what they share.

use super::Expected;
use super::ours::{Ours, Placed, names};
use super::server::{ADDRESS, Server};
use super::words::is_variable;
use crate::doctor::Point;
use crate::doctor::check::Check;
use crate::doctor::twin;
use std::net::IpAddr;

const TWIN: Check = Check {
    name: "cfg-twin",
    why: "without a twin, users with a cookie are moved at once, and no other host sees who goes next",
};
const ORDER: Check = Check {
    name: "cfg-order",
    why: "HAProxy takes the first line with the user's cookie: the twin would serve him all the time",
};
const BACKUP: Check = Check {
    name: "cfg-backup",
    why: "new users go to every line that is no backup: to a twin also while its host is drained",
};
const AGREE: Check = Check {
    name: "cfg-agree",
    why: "the twin serves the users of the main line only at the same address, port and cookie",
};

pub fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    let (pairs, left) = ours.pairs();
    let complete: Vec<(Placed, Placed)> = pairs
        .iter()
        .filter_map(|(main, twin)| Some((*main, (*twin)?)))
        .collect();
    let alone = pairs.iter().filter(|(_, twin)| twin.is_none());
    let alone: Vec<&Server> = alone.map(|(main, _)| main.server).collect();
    let mut points = vec![
        twin(ours, &alone, expected),
        order(ours, &complete),
        backup(ours),
        agree(ours, &complete, expected),
    ];
    if !left.is_empty() {
        let names = names(left.iter().map(|line| line.server));
        let mend = "give each the address and cookie of a main line, or take it away";
        points.push(AGREE.error(&ours.proxy.name, format!("{names} have no main line"), mend));
    }
    points
}

fn twin(ours: &Ours<'_>, alone: &[&Server], expected: &Expected<'_>) -> Point {
    let of = &ours.proxy.name;
    match alone.first() {
        None => TWIN.ok(of, "each main line has its twin"),
        Some(main) => {
            let found = format!("no twin: {}", names(alone.iter().copied()));
            let name = twin::name(&main.name);
            TWIN.warning(of, found, below(main, &name, expected))
        }
    }
}

/// A twin of this main line, to paste below all main lines.
fn below(main: &Server, name: &str, expected: &Expected<'_>) -> String {
    let host = match main.host.contains(':') {
        true => format!("[{}]", main.host),
        false => main.host.clone(),
    };
    let port = main.port.unwrap_or(expected.ports.port);
    let at = format!("{host}:{port}");
    // A variable only counts in quotes.
    let quoted = |word: &str| match is_variable(word) {
        true => format!("\"{word}\""),
        false => word.to_owned(),
    };
    let cookie = main.words.cookie.as_deref().map(quoted);
    let own_port = expected.ports.backup_status_port;
    twin::line(name, &quoted(&at), cookie.as_deref(), own_port)
}

fn order(ours: &Ours<'_>, pairs: &[(Placed<'_>, Placed<'_>)]) -> Point {
    let of = &ours.proxy.name;
    let before = pairs.iter().filter(|(main, twin)| twin.at <= main.at);
    let before: Vec<&Server> = before.map(|(_, twin)| twin.server).collect();
    match before.is_empty() {
        true => ORDER.ok(of, "twins stand after their main lines"),
        false => {
            let found = format!("before its main line: {}", names(before));
            ORDER.error(
                of,
                found,
                format!("in {of}: move the twins below all main lines"),
            )
        }
    }
}

fn backup(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let twins = ours.twins.iter().filter(|line| !line.server.words.backup);
    let twins: Vec<&Server> = twins.map(|line| line.server).collect();
    let mains = ours.mains.iter().filter(|line| line.server.words.backup);
    let mains: Vec<&Server> = mains.map(|line| line.server).collect();
    match (twins.is_empty(), mains.is_empty()) {
        (true, true) => BACKUP.ok(of, "twins are backup, main lines are not"),
        (false, _) => {
            let found = format!("not backup, though a twin: {}", names(twins));
            BACKUP.error(of, found, "at the end of each such line: backup")
        }
        (true, false) => {
            let found = format!("backup, though a main line: {}", names(mains));
            BACKUP.error(
                of,
                found,
                "take `backup` off each such line, or add: no-backup",
            )
        }
    }
}

fn agree(ours: &Ours<'_>, pairs: &[(Placed<'_>, Placed<'_>)], expected: &Expected<'_>) -> Point {
    let of = &ours.proxy.name;
    let pairs = pairs.iter().map(|(main, twin)| (main.server, twin.server));
    let differ = pairs.clone().find_map(|(main, twin)| {
        let what = difference(main, twin)?;
        let found = format!("{} and {} differ in {what}", main.name, twin.name);
        Some(AGREE.error(of, found, below(main, &twin.name, expected)))
    });
    let unsure = pairs.clone().find(|(main, twin)| by_name(main, twin));
    let unsure = unsure.map(|(main, twin)| {
        let found = format!(
            "whether {} and {} lead to one address can't be told: {} and {}",
            main.name, twin.name, main.host, twin.host
        );
        AGREE.warning(of, found, below(main, &twin.name, expected))
    });
    differ
        .or(unsure)
        .unwrap_or_else(|| AGREE.ok(of, "main and twin agree in address, port and cookie"))
}

/// One of them is a name: whoever looks it up may find the other's address.
fn by_name(main: &Server, twin: &Server) -> bool {
    let is_name = |server: &Server| server.host.parse::<IpAddr>().is_err();
    let hidden = [main, twin]
        .iter()
        .any(|server| server.words.hides(&[ADDRESS]));
    !hidden && main.host != twin.host && (is_name(main) || is_name(twin))
}

fn difference(main: &Server, twin: &Server) -> Option<String> {
    let told = |value: Option<&str>| value.unwrap_or("none").to_owned();
    let port = |server: &Server| told(server.port.map(|port| port.to_string()).as_deref());
    let (cookies, ports) = (
        [main, twin].map(|server| told(server.words.cookie.as_deref())),
        [main, twin].map(port),
    );
    let hide = |words: &[&str]| [main, twin].iter().any(|server| server.words.hides(words));
    let hosts = [main, twin].map(|server| server.host.clone());
    let [what, values] = match () {
        () if !hide(&[ADDRESS]) && hosts[0] != hosts[1] && !by_name(main, twin) => {
            ["address", &hosts.join(" and ")]
        }
        () if !hide(&[ADDRESS]) && ports[0] != ports[1] => ["port", &ports.join(" and ")],
        () if !hide(&["cookie"]) && cookies[0] != cookies[1] => ["cookie", &cookies.join(" and ")],
        () => return None,
    };
    Some(format!("{what}: {values}"))
}
