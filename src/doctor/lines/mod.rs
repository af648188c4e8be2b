//! Checks our lines on one balancer: they are there, fit each other, are checked and UP. Other
//! servers can carry the load.

mod check_port;
mod facts;
mod group;
pub(crate) mod judge;
pub(crate) mod line;
mod state;
pub(crate) mod targets;
mod twin;

pub(crate) use facts::Lines;

use super::check::{Check, about, checks};
use super::fix::Fix;
use super::{Point, Verdict};
use crate::haproxy::{BackendCapacity, Lost, Own};
use judge::judge;

checks! {
    FOUND "lines":
        "the agent watches this host's own server lines: without them it does not know whether the host \
         is in rotation";
    OTHERS "others":
        "while this host is out the other servers carry its load; with fewer than min_available a restart is \
         refused (exit 12)";
}

pub(super) fn points(lines: &Lines) -> Vec<Point> {
    let found = match &lines.seen.found {
        Ok(found) => found,
        Err(Lost::Missing(_)) if file_shows_why(lines.file) => return Vec::new(),
        Err(why) => return about(lines.balancer, [lost(lines, why)]),
    };
    let names: Vec<String> = found.own.iter().map(name).collect();
    let found = format!("app {}: its lines are {}", lines.label, names.join(", "));
    let mut points = vec![FOUND.ok(found)];
    for backend in lines.backends() {
        points.extend(judge(&lines.as_judged(backend)));
        points.extend(state::points(lines, backend));
    }
    points.extend(
        lines
            .seen
            .backends
            .iter()
            .flat_map(|backend| others(lines, backend)),
    );
    about(lines.balancer, points)
}

/// HAProxy's file shows a line that checks another port, and that line is not found as ours.
fn file_shows_why(file: &[Point]) -> bool {
    let mut wrong = file.iter().filter(|point| point.verdict == Verdict::Error);
    wrong.any(|point| point.check == judge::CHECKED.name)
}

/// Removes duplicates of the points about HAProxy's lines and about the file's. HAProxy's answer
/// stays, unless the file shows more: a fault with the cookie to write, or a cookie that HAProxy
/// hides.
pub(super) fn once(mut lines: Vec<Point>, mut file: Vec<Point>) -> (Vec<Point>, Vec<Point>) {
    let is_same = |line: &Point, file: &Point| {
        let of = format!(" {}", file.of);
        line.check == file.check && line.of.ends_with(&of)
    };
    let shows_more = |line: &Point, file: &Point| match line.verdict {
        Verdict::Unseen => true,
        seen => file.verdict >= seen && file.verdict > Verdict::Unseen,
    };
    lines.retain(|line| {
        !file
            .iter()
            .any(|file| is_same(line, file) && shows_more(line, file))
    });
    file.retain(|file| !lines.iter().any(|line| is_same(line, file)));
    (lines, file)
}

fn lost(lines: &Lines, why: &Lost) -> Point {
    let (found, fix) = match why {
        Lost::Missing(missing) => (missing.what.clone(), Fix::from(&missing.fix)),
        Lost::Unseen(why) => (
            format!("its lines can't be seen: {why}"),
            super::balancer::fix(lines.address, why),
        ),
    };
    FOUND.error(format!("app {}: {found}", lines.label), fix)
}

fn others(lines: &Lines, capacity: &BackendCapacity) -> Vec<Point> {
    let (usable, floor) = (capacity.usable, capacity.floor(lines.min_available));
    let going = capacity.going();
    let described = capacity.described(lines.min_available);
    let found = format!("{usable} other usable servers{going}, min_available is {described}");
    let point = match usable {
        0 if floor == 0 => OTHERS.warning(
            format!("{found}: no server serves the users while this host is out"),
            "add servers to the backend",
        ),
        usable if usable >= floor => OTHERS.ok(found),
        _ => OTHERS.error(
            found,
            format!(
                "bring others UP, or a lower min_available in [app.{}]",
                lines.app
            ),
        ),
    };
    about(&format!("{} {}", lines.balancer, capacity.backend), [point])
}

fn name(own: &Own) -> String {
    format!("{}/{} ({})", own.backend, own.server, own.role.word())
}

#[cfg(test)]
mod tests;
