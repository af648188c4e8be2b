//! Checks the slots of the lock against the floor: the lock must not let more hosts go than may be out.

use crate::doctor::Point;
use crate::doctor::app_facts::AppFacts;
use crate::doctor::check::{Check, about, checks};
use crate::haproxy::{BackendCapacity, Floor};

checks! {
    ROOM "lock-room":
        "a host with the lock that min_available does not let out waits for its turn, and its slot is of no use \
         to the others; with a slot for each host all of them may believe that it is their turn";
}

/// For each backend of the app that a balancer shows.
pub(crate) fn points(slots: usize, app: &AppFacts) -> Vec<Point> {
    let (name, floor) = (&app.settings.name, app.settings.limits.min_available);
    let seen = app.balancers.iter();
    let seen = seen.filter_map(|balancer| Some((&balancer.name, balancer.seen.as_ref().ok()?)));
    let backends =
        seen.flat_map(|(balancer, seen)| seen.backends.iter().map(move |one| (balancer, one)));
    let points = backends.flat_map(|(balancer, backend)| {
        about(
            &format!("{balancer} {}", backend.backend),
            room(slots, name, floor, backend),
        )
    });
    points.collect()
}

/// None: no host may be out, which `others` reports.
fn room(slots: usize, app: &str, min_available: Floor, backend: &BackendCapacity) -> Option<Point> {
    let servers = backend.servers;
    let most = servers.saturating_sub(backend.floor(min_available));
    let figures = format!(
        "lock: slots = {slots}; of {servers} servers {most} may be out, min_available is {}",
        backend.described(min_available)
    );
    Some(match most {
        0 => return None,
        most if slots <= most => ROOM.ok(figures),
        most => ROOM.warning(
            figures,
            format!("`slots = {most}` in [lock] on each host of the group, or a lower min_available in [app.{app}]"),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict::{Ok, Warning};

    #[test]
    fn the_lock_lets_no_more_hosts_go_than_the_floor() {
        use Floor::{Percent, Servers};
        for (slots, servers, floor, verdict) in [
            (1, 2, Servers(1), Some(Ok)),
            (2, 2, Servers(1), Some(Warning)),
            (2, 3, Servers(1), Some(Ok)),
            (3, 3, Servers(1), Some(Warning)),
            (2, 2, Servers(0), Some(Ok)),
            (2, 4, Percent(50), Some(Ok)),
            (2, 3, Percent(50), Some(Warning)),
            (1, 1, Servers(0), Some(Ok)),
            (1, 1, Servers(1), None),
            (1, 2, Servers(3), None),
        ] {
            let backend = BackendCapacity {
                servers,
                ..BackendCapacity::default()
            };
            let point = room(slots, "web", floor, &backend);
            let seen = point.as_ref().map(|point| point.verdict);
            assert_eq!(seen, verdict, "{slots} of {servers}, {floor}: {point:?}");
        }
    }
}
