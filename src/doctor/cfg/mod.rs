//! Checks an HAProxy configuration file for what a restart needs. Pure.
//!
//! Only the file shows options, timeouts and the interval of checks. It also shows cookies, which
//! HAProxy hides from level `user`.

mod absent;
mod accepted;
mod backend;
mod beside;
mod directed;
mod expected;
mod handshake;
mod hidden;
mod judged;
mod lines;
mod rhythm;
mod speaks;
mod sticky;
mod targets;
mod whole;

pub use accepted::Said;
pub use expected::{Expected, Shown};
use hidden::hides_lines;

use super::Point;
use super::check::{Check, about, checks};
use super::lines::judge::judge;
use super::lines::line::first_three;
pub use crate::haproxy::cfg::file::Text;
use crate::haproxy::cfg::file::{self, File};
use crate::haproxy::cfg::ours::{Ours, find};
use crate::haproxy::cfg::words::VARIABLE;

checks! {
    SERVES "cfg-backend":
        "a gate moves users only where a backend has lines that check the app's status ports";
}

const OTHER_FILE: &str = "name the file of that HAProxy, or reload it: systemctl reload haproxy";

/// The points of one file, and of each backend that serves one of the apps.
pub fn check(text: &str, apps: &[Expected<'_>]) -> Vec<Point> {
    check_all(&[Text { name: "", text }], None, apps)
}

/// The points of all files. `said`: what `haproxy -c` says of them.
pub fn check_all(texts: &[Text<'_>], said: Option<&Said>, apps: &[Expected<'_>]) -> Vec<Point> {
    let file = file::read_all(texts);
    let mut points = whole::points(texts, &file, said);
    let served = apps.iter().flat_map(|expected| served(&file, expected));
    let served = served.chain(targets::points(&file, apps));
    let served = served.chain(
        apps.iter()
            .flat_map(|expected| beside::points(&file, expected)),
    );
    let served = served.chain(
        apps.iter()
            .flat_map(|expected| absent::points(&file, expected)),
    );
    points.extend(served.map(|point| match file.conditional {
        true => whole::possible(point),
        false => point,
    }));
    points.into_iter().map(shown).collect()
}

/// Whether the files have no server line, so that nothing can be judged.
pub fn is_empty(texts: &[Text<'_>]) -> bool {
    let proxies = file::read_all(texts).proxies;
    proxies.iter().all(|proxy| proxy.servers.is_empty())
}

/// The addresses of all server lines, or the names in their place.
pub fn hosts(texts: &[Text<'_>]) -> Vec<String> {
    let proxies = file::read_all(texts).proxies.into_iter();
    let servers = proxies.flat_map(|proxy| proxy.servers);
    servers.map(|server| server.host).collect()
}

/// Whether a HAProxy that checks these files loads code that they name.
pub fn loads_code(texts: &[Text<'_>]) -> bool {
    file::read_all(texts).loads_code
}

fn served(file: &File, expected: &Expected<'_>) -> Vec<Point> {
    let (found, missing) = find(&file.proxies, expected.lines, expected.ports);
    if found.is_empty() {
        let hides = hides_lines(&file.proxies);
        return about(&expected.label(), [unfound(expected, &missing, hides)]);
    }
    let missing = missing.iter().map(|line| {
        // Each balancer has a file of its own.
        SERVES.warning(
            format!("HAProxy has {line}, and this file has not"),
            OTHER_FILE,
        )
    });
    let mut points = about(&expected.label(), missing);
    points.extend(found.iter().filter_map(|ours| lacking(ours, expected)));
    points.extend(found.iter().flat_map(|ours| one(ours, file, expected)));
    points
}

/// Marks the point as one about the file.
fn shown(point: Point) -> Point {
    let dollar = |text: &str| text.replace(VARIABLE, "$");
    Point {
        of: dollar(&point.of),
        found: dollar(&point.found),
        fix: point.fix.map(|fix| fix.map(dollar)),
        ..point
    }
}

fn unfound(expected: &Expected<'_>, missing: &[String], hides: bool) -> Point {
    let (label, ports) = (expected.label(), expected.ports);
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let missing = first_three(&missing);
    let why = match &missing {
        None => format!(
            "none is on port {} and checks {}",
            ports.port, ports.status_port
        ),
        Some(missing) => format!("HAProxy has {missing}"),
    };
    let what = format!("no server line of this host is in it for {label}: {why}");
    match missing {
        _ if hides => SERVES.warning(
            format!("{what}, and some lines are variables"),
            "name a copy of the file with the values in it",
        ),
        None => SERVES.error(
            what,
            format!("agent haproxy-config {} --host NAME=ADDRESS", expected.app),
        ),
        Some(_) => SERVES.error(what, OTHER_FILE),
    }
}

/// Other servers of the backend that HAProxy has, and this file has not: it is not all of the file.
fn lacking(ours: &Ours<'_>, expected: &Expected<'_>) -> Option<Point> {
    let proxy = ours.proxy;
    let is_own = |server: &str| expected.lines.iter().any(|own| own.server == server);
    let is_here = |server: &str| proxy.servers.iter().any(|one| one.is_called(server));
    let servers = expected.servers.iter();
    let lacking = servers
        .filter(|(backend, server)| *backend == proxy.name && !is_own(server) && !is_here(server));
    let lacking: Vec<&str> = lacking.map(|(_, server)| server.as_str()).collect();
    let found = format!(
        "HAProxy has {}, and this file has not",
        first_three(&lacking)?
    );
    let fix = format!("copy the whole file again; else {OTHER_FILE}");
    Some(SERVES.warning(found, fix)).map(|point| Point {
        of: proxy.name.clone(),
        ..point
    })
}

fn one(ours: &Ours<'_>, file: &File, expected: &Expected<'_>) -> Vec<Point> {
    let mains = ours.lines.iter().filter(|line| line.is_main).count();
    let (kind, name, twins) = (ours.proxy.kind, &ours.proxy.name, ours.lines.len() - mains);
    let what = format!("{kind} {name}: {mains} main and {twins} backup lines");
    let mut points = vec![SERVES.ok(what)];
    points.extend(backend::points(ours, expected));
    points.extend(judge(&judged::backend(ours, &file.fronts, expected)));
    points.extend(directed::points(ours, expected));
    points.extend(lines::points(ours));
    points.extend(sticky::points(ours, expected));
    points.extend(speaks::points(ours, expected));
    points.extend(handshake::points(ours));
    points.extend(rhythm::points(ours, file.spread, expected));
    about(name, points)
}

#[cfg(test)]
mod tests;
