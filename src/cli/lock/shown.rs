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
    let mut data = json!(place.owner);
    data["ends_in_seconds"] = json!(place.ends_in);
    data
}
