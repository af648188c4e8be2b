//! The traffic ports of idle targets: each redirects to the current one.

use super::facts::{Parked, Ports, Targets};
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::gate::{Foreign, Parking, ParkingPosition};
use std::collections::BTreeSet;

checks! {
    pub(super) PARKING "parking":
        "right after a reload HAProxy takes every line for UP, and sends users to a target that does not \
         run: unless its port redirects to the current one, they wait for up to a second";
}

/// The fix for a rule that is not the agent's.
const NOT_OURS: &str =
    "delete the rule, or let it return before that port; the agent changes only its own";

/// The cookies of each target's lines on one balancer. A line without one has None.
pub(crate) type Cookies = Vec<BTreeSet<Option<String>>>;

/// Whether no two targets share a cookie, and each line has one.
pub(crate) fn are_own(targets: &Cookies) -> bool {
    let all: usize = targets.iter().map(BTreeSet::len).sum();
    let distinct: BTreeSet<&Option<String>> = targets.iter().flatten().collect();
    distinct.len() == all && !distinct.contains(&None)
}

pub(super) fn points(targets: &Targets) -> Vec<Point> {
    let Some(ports) = &targets.ports else {
        return vec![PARKING.unseen("which ports to park is unknown without a current target")];
    };
    let each = ports.each.iter().flat_map(|one| {
        let label = targets.label(&one.wanted.target);
        about(
            &label,
            parked(targets, one)
                .into_iter()
                .chain(foreign(targets, one)),
        )
    });
    let recover = || format!("agent recover {}", targets.app);
    let gone = ports.gone.iter();
    let gone =
        gone.map(|rule| PARKING.warning(format!("of a target that is gone: {rule}"), recover()));
    each.chain(gone).chain(here(targets, ports)).collect()
}

/// None: a port that needs no rule has none: that of the current target, or of one that still
/// drains.
fn parked(targets: &Targets, one: &Parked) -> Option<Point> {
    let Parking { port, to, .. } = &one.wanted;
    let recover = format!("agent recover {}", targets.app);
    let said = format!("port {port} is {}", one.position);
    Some(match (&one.position, to) {
        (ParkingPosition::NotSet, None) => return None,
        (ParkingPosition::Set, Some(to)) => PARKING.ok(format!("{said}: it redirects to {to}")),
        (ParkingPosition::Unknown(_), _) => PARKING.unseen(said),
        _ if targets.under_way => PARKING.unseen(format!("{said}: an operation is under way")),
        (ParkingPosition::NotSet, Some(_)) => PARKING.warning(said, recover),
        (_, Some(_)) => PARKING.error(said, recover),
        (_, None) => PARKING.error(
            format!("{said}, and no rule is to redirect it: its users reach another target"),
            recover,
        ),
    })
}

/// The users of the current target reach another one. An idle one can't be unparked.
fn foreign(targets: &Targets, one: &Parked) -> impl Iterator<Item = Point> {
    let port = one.wanted.port;
    let is_current = targets.current() == Some(one.wanted.target.as_str());
    one.by_others.iter().map(move |Foreign { rule, removal }| {
        let found = format!(
            "a rule that the agent does not change redirects port {port} to another target: {rule}"
        );
        let fix = removal.as_deref().unwrap_or(NOT_OURS);
        match is_current {
            true => PARKING.error(found, fix),
            false => PARKING.warning(found, fix),
        }
    })
}

/// What this host sends itself passes no rule of a parked port: so the agent reaches an idle target.
fn here(targets: &Targets, ports: &Ports) -> Option<Point> {
    let name = ports.here.first()?;
    let found =
        format!("{name} runs on this host, and its connections pass no rule of a parked port");
    let fix = format!(
        "a cookie for each target on the server lines (`agent haproxy-config {} --cookie-per target`); \
         without cookies `option redispatch 1` makes the wait shorter",
        targets.app
    );
    Some(match ports.own_cookies {
        Some(true) => PARKING.ok(format!(
            "{found}; each target has a cookie of its own, so no user waits"
        )),
        Some(false) => PARKING.warning(
            format!("{found}: after its reload users may wait for a stopped target"),
            fix,
        ),
        None => PARKING.unseen(format!("{found}; cookies are hidden at level user")),
    })
}
