//! The queue of a group: each operation that wants the lock has one key, and etcd knows their order. The
//! first `slots` of them have the lock. No operation overtakes another, and two never wait for each other.

use super::answer::Key;
use crate::lock::owner::Owner;

/// The prefix of the group's keys.
pub(super) fn prefix(group: &str) -> String {
    format!("/haproxy-gate/{group}/")
}

/// The key of this id.
pub(super) fn key(group: &str, id: &str) -> String {
    format!("{}{id}", prefix(group))
}

/// What the queue means for one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has the lock: its key.
    Ours(Key),
    /// Others have it: which.
    Others(Vec<String>),
    /// Its key is gone, or under another lease.
    Missing,
}

/// Whether the key of this name and lease is among the first.
pub(super) fn turn(queue: &[Key], name: &str, lease: i64, slots: usize) -> Turn {
    let is_ours = |key: &Key| key.name == name && key.lease == lease;
    match queue.iter().position(is_ours) {
        None => Turn::Missing,
        Some(at) if at < slots => Turn::Ours(queue[at].clone()),
        Some(_) => Turn::Others(queue.iter().take(slots).map(described).collect()),
    }
}

/// The owner that a key names. One that can't be read still has its place.
pub(super) fn owner(key: &Key) -> Owner {
    let id = key.name.rsplitn(3, '/').take(2).collect::<Vec<_>>();
    let id = id.into_iter().rev().collect::<Vec<_>>().join("/");
    let unread = Owner {
        host: id.clone(),
        id,
        command: "unknown".to_owned(),
        ..Owner::default()
    };
    serde_json::from_str(&key.value).unwrap_or(unread)
}

fn described(key: &Key) -> String {
    crate::text::escape(&owner(key).described())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(names: &[&str]) -> Vec<Key> {
        let key = |(at, name): (usize, &&str)| Key {
            name: key("web", name),
            value: format!(r#"{{"id":"{name}","host":"{name}","command":"agent restart web"}}"#),
            revision: at as i64,
            lease: at as i64,
        };
        names.iter().enumerate().map(key).collect()
    }

    #[test]
    fn the_first_ones_have_the_lock_and_the_other_ones_see_which() {
        let queue = queued(&["a/web", "b/web", "c/web"]);
        let turn = |id: &str, lease, slots| turn(&queue, &key("web", id), lease, slots);
        assert!(matches!(turn("a/web", 0, 1), Turn::Ours(_)));
        assert!(matches!(turn("b/web", 1, 2), Turn::Ours(_)));
        let by = |names: &[&str]| {
            let by = names
                .iter()
                .map(|name| format!("{name} (agent restart web)"));
            Turn::Others(by.collect())
        };
        assert_eq!(turn("b/web", 1, 1), by(&["a/web"]));
        assert_eq!(turn("c/web", 2, 2), by(&["a/web", "b/web"]));
        assert_eq!(turn("c/web", 7, 3), Turn::Missing, "under another lease");
        assert_eq!(turn("d/web", 3, 1), Turn::Missing);
    }

    #[test]
    fn a_value_of_another_program_is_still_an_owner() {
        let mut queue = queued(&["a/web"]);
        queue[0].value = "?".to_owned();
        let owner = owner(&queue[0]);
        assert_eq!((owner.id.as_str(), owner.host.as_str()), ("a/web", "a/web"));
    }
}
