//! What `agent lock status` shows, as text and as data.

use crate::clock::timestamp;
use crate::lock::{Engine, LockLook, LockSettings, Place};
use crate::text::escape;
use serde_json::{Value, json};

pub(super) fn text(lock: &LockSettings, seen: &LockLook) -> Vec<String> {
    let group = &lock.group;
    match seen {
        LockLook::Away(why) => vec![format!("group {group}: the lock server is away: {why}")],
        LockLook::Hidden => vec![format!(
            "group {group}: a FleetLock server does not show who has the lock"
        )],
        LockLook::Queue(queue) => {
            let held = queue.iter().filter(|place| place.holds).count();
            let head = format!("group {group}: {held} of {} slots taken", lock.slots);
            std::iter::once(head)
                .chain(queue.iter().map(of_place))
                .collect()
        }
    }
}

fn of_place(place: &Place) -> String {
    let owner = &place.owner;
    let user = match owner.user.as_str() {
        "" => String::new(),
        user => format!(" by {user}"),
    };
    let (what, at) = match owner.since {
        Some(since) if place.holds => ("has the lock", since),
        _ => ("waits", owner.asked_at),
    };
    let end = match place.ends_in {
        Some(seconds) => format!(", ends in {seconds} s unless it is renewed"),
        None => ", its lease is over".to_owned(),
    };
    let line = format!(
        "    {} {what} since {}{end}: {}{user}",
        owner.id,
        timestamp(at),
        owner.command
    );
    format!("    {}", escape(line.trim_start()))
}

pub(super) fn data(lock: &LockSettings, seen: &LockLook) -> Value {
    let engine = match lock.engine {
        Engine::Etcd(_) => "etcd",
        Engine::Fleetlock(_) => "fleetlock",
    };
    let mut data = json!({"group": lock.group, "engine": engine});
    match seen {
        LockLook::Away(why) => data["away"] = json!(why),
        LockLook::Hidden => {}
        LockLook::Queue(queue) => {
            let some = |holds: bool| {
                let some = queue.iter().filter(|place| place.holds == holds);
                some.map(data_of).collect::<Vec<_>>()
            };
            data["slots"] = json!(lock.slots);
            data["holders"] = json!(some(true));
            data["waiting"] = json!(some(false));
        }
    }
    data
}

fn data_of(place: &Place) -> Value {
    let owner = &place.owner;
    json!({
        "id": owner.id,
        "host": owner.host,
        "app": owner.app,
        "user": (!owner.user.is_empty()).then_some(&owner.user),
        "command": owner.command,
        "asked_at_unix_seconds": owner.asked_at,
        "since_unix_seconds": owner.since.filter(|_| place.holds),
        "slots": owner.slots,
        "ends_in_seconds": place.ends_in,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Owner, TlsFiles};
    use crate::restart::WhenAway;
    use std::time::Duration;

    fn settings() -> LockSettings {
        LockSettings {
            engine: Engine::Etcd(vec!["http://a:1".parse().unwrap()]),
            group: "shop".to_owned(),
            slots: 1,
            ttl: Duration::from_secs(60),
            when_away: WhenAway::Refuse,
            host: None,
            tls: TlsFiles::default(),
        }
    }

    /// The second host waits since a minute after the first one got the lock, and its lease is over.
    fn queue() -> LockLook {
        let owner = |host: &str, user: &str, asked_at, since| Owner {
            id: format!("{host}/web"),
            host: host.to_owned(),
            app: "web".to_owned(),
            user: user.to_owned(),
            command: "agent restart web".to_owned(),
            asked_at,
            since,
            slots: 1,
            machine: String::new(),
        };
        LockLook::Queue(vec![
            Place {
                owner: owner("web2", "alice", 1_767_225_600, Some(1_767_225_660)),
                holds: true,
                ends_in: Some(42),
            },
            Place {
                owner: owner("web1", "", 1_767_225_720, None),
                holds: false,
                ends_in: None,
            },
        ])
    }

    #[test]
    fn the_text_says_who_has_it_where_since_when_and_until_when() {
        let wanted = [
            "group shop: 1 of 1 slots taken",
            "    web2/web has the lock since 2026-01-01T00:01:00Z, ends in 42 s unless it is renewed: \
             agent restart web by alice",
            "    web1/web waits since 2026-01-01T00:02:00Z, its lease is over: agent restart web",
        ];
        assert_eq!(text(&settings(), &queue()), wanted);
    }

    #[test]
    fn the_data_has_the_same() {
        let wanted = json!({
            "group": "shop",
            "engine": "etcd",
            "slots": 1,
            "holders": [{
                "id": "web2/web",
                "host": "web2",
                "app": "web",
                "user": "alice",
                "command": "agent restart web",
                "asked_at_unix_seconds": 1_767_225_600,
                "since_unix_seconds": 1_767_225_660,
                "slots": 1,
                "ends_in_seconds": 42,
            }],
            "waiting": [{
                "id": "web1/web",
                "host": "web1",
                "app": "web",
                "user": null,
                "command": "agent restart web",
                "asked_at_unix_seconds": 1_767_225_720,
                "since_unix_seconds": null,
                "slots": 1,
                "ends_in_seconds": null,
            }],
        });
        assert_eq!(data(&settings(), &queue()), wanted);
    }

    /// Neither is an empty queue.
    #[test]
    fn a_server_that_shows_nothing_has_no_holders() {
        let away = LockLook::Away("refused".to_owned());
        let lines = text(&settings(), &away);
        assert_eq!(lines, ["group shop: the lock server is away: refused"]);
        assert_eq!(data(&settings(), &away)["away"], "refused");
        for seen in [away, LockLook::Hidden] {
            assert!(
                data(&settings(), &seen).get("holders").is_none(),
                "{seen:?}"
            );
        }
    }
}
