//! An HAProxy configuration file, held against what a restart needs of it. Pure.
//!
//! The file says what no stats socket shows: options, timeouts, the checks' rhythm, and
//! cookies, which HAProxy hides from level `user`.

mod about;
mod backend;
mod file;
mod lines;
mod ours;
mod pairs;
mod rhythm;
mod server;
mod time;
mod words;

use super::Point;
use crate::haproxy::{AppPorts, Own};
use about::About;
use file::File;
use ours::{Ours, find};

/// What the file is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The app's name.
    pub app: &'a str,
    /// Its ports.
    pub ports: AppPorts,
    /// Its lines as HAProxy shows them; without any, the lines are found by their ports.
    pub lines: &'a [Own],
}

const READ: About = About {
    check: "cfg-file",
    why: "what can't be read can't be checked, and HAProxy itself refuses such a file",
};
const SERVES: About = About {
    check: "cfg-backend",
    why: "a gate moves users only where a backend has lines that check the app's status ports",
};

/// A point for each check of each backend that serves the app.
pub fn check(text: &str, expected: &Expected<'_>) -> Vec<Point> {
    let file = file::read(text);
    let mut points = whole(&file, expected);
    let (found, missing) = find(&file.proxies, expected);
    points.extend(missing.iter().map(|line| {
        let what = format!("HAProxy has {line}, and this file has not");
        let mend = "name the file of that HAProxy, or reload it: systemctl reload haproxy";
        // Of several balancers each has its own file.
        match found.is_empty() {
            true => SERVES.error(expected.app, what, mend),
            false => SERVES.warning(expected.app, what, mend),
        }
    }));
    if found.is_empty() {
        points.push(unfound(expected));
    }
    for ours in &found {
        points.extend(one(ours, &file, expected));
    }
    points
}

fn whole(file: &File, expected: &Expected<'_>) -> Vec<Point> {
    let mut points = Vec::new();
    for (line, why) in &file.strange {
        let mend = "haproxy -c -f FILE tells more";
        points.push(READ.error(expected.app, format!("line {line}: {why}"), mend));
    }
    if file.conditional {
        let what = "it has .if: all branches were read, as if each were true";
        let mend = "name a file without the branches that HAProxy does not take";
        points.push(READ.warning(expected.app, what, mend));
    }
    if points.is_empty() {
        points.push(READ.ok(expected.app, "all lines could be read"));
    }
    points
}

fn unfound(expected: &Expected<'_>) -> Point {
    let AppPorts {
        port, status_port, ..
    } = expected.ports;
    let what = format!(
        "no backend has a server on port {port} that checks {status_port}: none serves {}",
        expected.app
    );
    let mend = format!(
        "agent haproxy-config {} --host NAME=ADDRESS ...",
        expected.app
    );
    SERVES.error(expected.app, what, mend)
}

fn one(ours: &Ours<'_>, file: &File, expected: &Expected<'_>) -> Vec<Point> {
    let (mains, twins) = (ours.mains.len(), ours.twins.len());
    let (kind, name) = (ours.proxy.kind, &ours.proxy.name);
    let what = format!("{kind} {name}: {mains} main and {twins} backup lines");
    let mut points = vec![SERVES.ok(name, what)];
    points.extend(backend::points(ours));
    points.extend(pairs::points(ours, expected));
    points.extend(lines::points(ours, expected));
    points.extend(rhythm::points(ours, file.spread));
    points
}

#[cfg(test)]
mod tests;
