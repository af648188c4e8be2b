//! Checks the slots of the lock against the floor: the lock must not let more hosts go than may be out.

use crate::doctor::Point;
use crate::doctor::app_facts::AppFacts;
use crate::doctor::check::{Check, about, checks};
use crate::haproxy::{BackendCapacity, Floor};
use crate::lock::{Engine, LockSettings};

checks! {
    ROOM "lock-room":
        "a host with the lock that min_available does not let out waits for its turn, and its slot is of no use \
         to the others; with a slot for each host all of them may believe that it is their turn";
}

/// For each backend of the app that a balancer shows.
pub(crate) fn points(lock: &LockSettings, app: &AppFacts) -> Vec<Point> {
    let (name, floor) = (&app.settings.name, app.settings.limits.min_available);
    let seen = app.balancers.iter();
    let seen = seen.filter_map(|balancer| Some((&balancer.name, balancer.seen.as_ref().ok()?)));
    let backends =
        seen.flat_map(|(balancer, seen)| seen.backends.iter().map(move |one| (balancer, one)));
    let points = backends.flat_map(|(balancer, backend)| {
        about(
            &format!("{balancer} {}", backend.backend),
            room(lock, name, floor, backend),
        )
    });
    points.collect()
}

/// None: no host may be out, which `others` reports.
fn room(
    lock: &LockSettings,
    app: &str,
    min_available: Floor,
    backend: &BackendCapacity,
) -> Option<Point> {
    let slots = lock.slots;
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
            format!(
                "{}`slots = {most}` in [lock] on each host of the group, or a lower min_available in [app.{app}]",
                first(lock, most)
            ),
        ),
    })
}

/// A FleetLock server gives as many slots as its own settings say. With less in `[lock]` than there a host
/// would take itself for the only one.
fn first(lock: &LockSettings, most: usize) -> String {
    match lock.engine {
        Engine::Etcd(_) => String::new(),
        Engine::Fleetlock(_) => {
            let group = &lock.group;
            format!("first {most} for group {group} in the settings of the FleetLock server, then ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict::{Ok, Warning};
    use crate::lock::TlsFiles;
    use crate::restart::WhenAway;
    use std::time::Duration;

    fn lock(engine: Engine, slots: usize) -> LockSettings {
        LockSettings {
            engine,
            group: "web".to_owned(),
            slots,
            ttl: Duration::from_secs(60),
            when_away: WhenAway::Refuse,
            host: None,
            tls: TlsFiles::default(),
        }
    }

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
            let point = room(
                &lock(Engine::Etcd(Vec::new()), slots),
                "web",
                floor,
                &backend,
            );
            let seen = point.as_ref().map(|point| point.verdict);
            assert_eq!(seen, verdict, "{slots} of {servers}, {floor}: {point:?}");
        }
    }

    #[test]
    fn a_fleetlock_server_is_changed_before_the_hosts() {
        let server = "https://lock.example/".parse().unwrap();
        let backend = BackendCapacity {
            servers: 2,
            ..BackendCapacity::default()
        };
        let lock = lock(Engine::Fleetlock(server), 2);
        let point = room(&lock, "web", Floor::Servers(1), &backend).unwrap();
        let text = format!("{point:?}");
        assert!(
            text.contains("first 1 for group web in the settings of the FleetLock"),
            "{text}"
        );
    }
}
