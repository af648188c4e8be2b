//! Checks an app with targets: which one is current, how each is started and stopped, the port of
//! each idle one, and one that is ready. Pure.

mod current;
mod facts;
mod parking;
mod ready;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use facts::{Parked, Ports, TargetRun, Targets};
pub(crate) use parking::{Cookies, are_own};

use super::Point;
use super::check::{NEEDS_ROOT, about};

/// The points about its targets themselves.
pub(super) fn points(targets: &Targets) -> Vec<Point> {
    let mut points = current::points(targets);
    points.extend(run::points(targets));
    points.extend(run::verify(targets));
    points.extend(ready::points(targets));
    about(&targets.app, points)
}

/// The points about the ports of the idle ones.
pub(super) fn ports(targets: &Targets) -> Vec<Point> {
    about(&targets.app, parking::points(targets))
}

/// The points of another user than root.
pub(super) fn unseen(app: &str) -> Vec<Point> {
    let unseen = [
        (&current::CURRENT, "which target is current"),
        (
            &parking::PARKING,
            "whether the ports of idle targets are parked",
        ),
    ];
    let points = unseen.map(|(check, what)| check.unseen(format!("{what}: unknown: {NEEDS_ROOT}")));
    about(app, points)
}
