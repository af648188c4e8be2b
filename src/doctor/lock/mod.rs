//! Checks the lock that a group of hosts shares: its server, and whether all hosts count the same slots.
//! `room` judges their number against what may be out.

pub(super) mod room;

use super::Point;
use super::check::{Check, checks};
use crate::lock::{Engine, FileFault, LockLook, LockSettings, Owner};
use crate::restart::WhenAway;

checks! {
    SERVER "lock-server":
        "without an answer of the lock server no restart begins, or hosts that begin at once only count \
         each other (when_away)";
    SLOTS "lock-slots":
        "with different slots two hosts go out at once, and each may believe that it is alone";
}

/// The lock, as one look has shown it.
pub(super) struct Lock<'a> {
    pub(super) settings: &'a LockSettings,
    /// Whether its files can be used.
    pub(super) files: Result<(), FileFault>,
    pub(super) seen: LockLook,
}

pub(super) fn points(lock: &Lock<'_>) -> Vec<Point> {
    [server(lock)].into_iter().chain(slots(lock)).collect()
}

fn server(lock: &Lock<'_>) -> Point {
    let (group, when_away) = (&lock.settings.group, lock.settings.when_away);
    if let Err(fault) = &lock.files {
        return of_file(fault, when_away);
    }
    match (&lock.seen, when_away) {
        (LockLook::Queue(_), _) => SERVER.ok(format!("lock: etcd answers for group {group}")),
        (LockLook::Hidden, _) => SERVER.unseen(format!(
            "lock: a FleetLock server shows nothing before a host asks for the lock of group {group}"
        )),
        (LockLook::Away(why), WhenAway::Refuse) => SERVER.error(
            format!("lock: no answer, so no restart begins: {why}"),
            FIX,
        ),
        (LockLook::Away(why), WhenAway::Claims) => {
            SERVER.warning(format!("lock: no answer: {why}"), FIX)
        }
    }
}

/// Judged by itself: a FleetLock server shows nothing, and a server that refuses the connection hides it.
fn of_file(fault: &FileFault, when_away: WhenAway) -> Point {
    match (fault, when_away) {
        (FileFault::NeedsRoot(_), _) => SERVER.unseen(format!("lock: {fault}")),
        (FileFault::Unusable(why), WhenAway::Refuse) => SERVER.error(
            format!("lock: {why}: the agent can't ask the lock server, so no restart begins"),
            FIX_FILE,
        ),
        (FileFault::Unusable(why), WhenAway::Claims) => SERVER.warning(
            format!("lock: {why}: the agent can't ask the lock server"),
            FIX_FILE,
        ),
    }
}

const FIX_FILE: &str =
    "put the file (PEM) there, readable for root, or correct `ca`, `cert` and `key` in [lock]";

const FIX: &str =
    "let this host reach the lock server, or fix [lock]; `agent lock status` asks again";

/// None: FleetLock has its own slots, or no host has shown its number.
fn slots(lock: &Lock<'_>) -> Option<Point> {
    let (LockLook::Queue(queue), Engine::Etcd(_)) = (&lock.seen, &lock.settings.engine) else {
        return None;
    };
    let own = lock.settings.slots;
    let others = queue.iter().map(|place| &place.owner);
    let others: Vec<&Owner> = others.filter(|owner| owner.slots > 0).collect();
    let differs = others.iter().find(|owner| owner.slots != own);
    Some(match differs {
        None if others.is_empty() => SLOTS.unseen(format!(
            "lock: slots = {own}; no other host has asked for the lock just now"
        )),
        None => SLOTS.ok(format!("lock: slots = {own}, as on {} more", others.len())),
        Some(other) => SLOTS.warning(
            format!("lock: slots = {own}, but {} on {}", other.slots, other.host),
            "set the same `slots` in [lock] on each host of the group",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::lock::{Place, TlsFiles};
    use std::time::Duration;

    fn verdicts(seen: LockLook, when_away: WhenAway) -> Vec<(&'static str, Verdict)> {
        verdicts_with(Ok(()), seen, when_away)
    }

    fn verdicts_with(
        files: Result<(), FileFault>,
        seen: LockLook,
        when_away: WhenAway,
    ) -> Vec<(&'static str, Verdict)> {
        let settings = LockSettings {
            engine: Engine::Etcd(Vec::new()),
            group: "web".to_owned(),
            slots: 1,
            ttl: Duration::from_secs(60),
            when_away,
            host: None,
            tls: TlsFiles::default(),
        };
        let settings = &settings;
        let points = points(&Lock {
            settings,
            files,
            seen,
        });
        points.iter().map(|one| (one.check, one.verdict)).collect()
    }

    fn queue(slots: &[usize]) -> LockLook {
        let place = |slots: &usize| Place {
            owner: Owner {
                slots: *slots,
                ..Owner::default()
            },
            holds: true,
            ends_in: None,
        };
        LockLook::Queue(slots.iter().map(place).collect())
    }

    #[test]
    fn what_is_not_seen_is_not_ok() {
        use Verdict::{Error, Ok, Unseen, Warning};
        let away = || LockLook::Away("refused".to_owned());
        let server = |verdict| ("lock-server", verdict);
        let slots = |verdict| ("lock-slots", verdict);
        for (seen, when_away, wanted) in [
            (away(), WhenAway::Refuse, vec![server(Error)]),
            (away(), WhenAway::Claims, vec![server(Warning)]),
            (LockLook::Hidden, WhenAway::Refuse, vec![server(Unseen)]),
            (
                queue(&[]),
                WhenAway::Refuse,
                vec![server(Ok), slots(Unseen)],
            ),
            (
                queue(&[1, 1]),
                WhenAway::Refuse,
                vec![server(Ok), slots(Ok)],
            ),
            (
                queue(&[1, 2]),
                WhenAway::Refuse,
                vec![server(Ok), slots(Warning)],
            ),
        ] {
            assert_eq!(verdicts(seen, when_away), wanted);
        }
    }

    /// A FleetLock server shows nothing, so the file is the only sign.
    #[test]
    fn a_file_that_lacks_is_found_before_an_operation_needs_it() {
        use Verdict::{Error, Unseen, Warning};
        let why = || "/ca.pem: no such file or directory".to_owned();
        let unusable = || Err(FileFault::Unusable(why()));
        let needs_root = || Err(FileFault::NeedsRoot(why()));
        for (files, when_away, wanted) in [
            (unusable(), WhenAway::Refuse, Error),
            (unusable(), WhenAway::Claims, Warning),
            (needs_root(), WhenAway::Refuse, Unseen),
        ] {
            let found = verdicts_with(files, LockLook::Hidden, when_away);
            assert_eq!(found, [("lock-server", wanted)]);
        }
    }
}
