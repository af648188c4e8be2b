//! Checks our lines on one balancer: they are there, fit each other, are checked and UP. Other
//! servers can carry the load.

mod facts;
pub(crate) mod judge;
mod state;
mod twin;

pub(crate) use facts::Lines;

use super::check::{Check, checks};
use super::{Point, Verdict};
use crate::haproxy::{Lost, Own, ServerState};
use judge::judge;

checks! {
    FOUND "lines":
        "the agent watches this host's own server lines: without them it does not know whether the host \
         is in rotation";
    OTHERS "others":
        "while this host is out the others carry its load; with fewer than min_available a restart is \
         refused (exit 12)";
}

pub(super) fn points(lines: &Lines) -> Vec<Point> {
    let found = match &lines.seen.found {
        Ok(found) => found,
        Err(why) => return vec![lost(lines, why)],
    };
    let names: Vec<String> = found.own.iter().map(name).collect();
    let said = format!("app {}: its lines are {}", lines.app, names.join(", "));
    let mut points = vec![FOUND.ok(lines.balancer, said)];
    for backend in lines.backends() {
        points.extend(mismatched(lines, backend));
        points.extend(judge(&lines.as_judged(backend)));
        points.extend(state::points(lines, backend));
    }
    points.extend(others(lines));
    points
}

/// Removes duplicates of the points about HAProxy's lines and about the file's. The file's point
/// stays, because it shows more, and so does an error that only the running HAProxy has.
pub(super) fn once(mut lines: Vec<Point>, mut file: Vec<Point>) -> (Vec<Point>, Vec<Point>) {
    let is_same = |line: &Point, file: &Point| {
        let of = format!(" {}", file.of);
        line.check == file.check && line.of.ends_with(&of)
    };
    lines.retain(|line| {
        let mut same = file.iter().filter(|file| is_same(line, file));
        same.all(|file| file.verdict < line.verdict && line.verdict > Verdict::Unseen)
    });
    file.retain(|file| !lines.iter().any(|line| is_same(line, file)));
    (lines, file)
}

fn lost(lines: &Lines, why: &Lost) -> Point {
    let (found, fix) = match why {
        Lost::Missing(missing) => (missing.what.clone(), missing.fix.clone()),
        Lost::Unseen(why) => (
            format!("its lines can't be seen: {why}"),
            super::balancer::fix(lines.address, why),
        ),
    };
    FOUND.error(lines.balancer, format!("app {}: {found}", lines.app), fix)
}

/// Lines whose checks go through one of our gates, but whose users go elsewhere.
fn mismatched(lines: &Lines, backend: &str) -> Vec<Point> {
    let mismatched = lines.seen.mismatched.iter();
    let mismatched = mismatched.filter(|server| server.backend == backend);
    let point = |server: &ServerState| {
        let (name, port) = (&server.server, server.port);
        let of = format!("{} {backend}/{name}", lines.balancer);
        let found = format!(
            "leads to port {port}, and checks port {} of app {}",
            server.check_port, lines.app
        );
        let ours = lines.ports.port;
        let fix = format!("on the line of {name}: port {ours} in place of {port}");
        judge::PORT.error(&of, found, fix)
    };
    mismatched.map(point).collect()
}

fn others(lines: &Lines) -> Vec<Point> {
    let points = lines.seen.backends.iter().map(|capacity| {
        let of = format!("{} {}", lines.balancer, capacity.backend);
        let (usable, asked) = (capacity.usable, lines.min_available);
        let found = format!(
            "{usable} other usable servers{}, min_available is {asked}",
            capacity.going()
        );
        match usable {
            0 if asked == 0 => OTHERS.warning(
                &of,
                format!("{found}: no server serves the users while this host is out"),
                "add servers to the backend",
            ),
            usable if usable >= asked => OTHERS.ok(&of, found),
            _ => OTHERS.error(
                &of,
                found,
                format!(
                    "bring others UP, or a lower min_available in [app.{}]",
                    lines.app
                ),
            ),
        }
    });
    points.collect()
}

fn name(own: &Own) -> String {
    format!("{}/{} ({})", own.backend, own.server, own.role.word())
}

#[cfg(test)]
mod tests;
