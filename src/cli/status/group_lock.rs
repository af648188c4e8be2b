//! The lock that this host's group shares, in `agent status`.

use crate::config::Settings;
use crate::lock::{FileFault, LockLook, look};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// `agent status` does not wait longer for a lock server that is away.
const MOMENT: Duration = Duration::from_secs(1);

/// The lock of the group, as one look has shown it.
#[derive(Serialize)]
pub(super) struct GroupLockStatus {
    group: String,
    /// The ids that have it.
    holders: Vec<String>,
    /// The ids that wait for it, in order.
    waiting: Vec<String>,
    /// Why the server can't be asked.
    away: Option<String>,
    pub(super) text: String,
}

impl GroupLockStatus {
    /// None: there is no `[lock]`.
    pub(super) async fn ask(settings: &Settings) -> Option<GroupLockStatus> {
        let lock = settings.lock.as_ref()?;
        if let Err(fault @ FileFault::NeedsRoot(_)) = lock.check_files() {
            return Some(GroupLockStatus::not_seen(&lock.group, &fault));
        }
        let seen = timeout(MOMENT, look(lock)).await;
        let late = || LockLook::Away(format!("no answer within {MOMENT:?}"));
        let seen = seen.unwrap_or_else(|_| late());
        Some(GroupLockStatus::of(&lock.group, &seen))
    }

    /// The server may be well: this user can't ask it.
    fn not_seen(group: &str, fault: &FileFault) -> GroupLockStatus {
        GroupLockStatus {
            text: format!("group {group}: {fault}"),
            ..GroupLockStatus::of(group, &LockLook::Away(fault.to_string()))
        }
    }

    pub(super) fn of(group: &str, seen: &LockLook) -> GroupLockStatus {
        let ids = |holds: bool| match seen {
            LockLook::Queue(queue) => {
                let some = queue.iter().filter(|place| place.holds == holds);
                some.map(|place| place.owner.id.clone()).collect()
            }
            _ => Vec::new(),
        };
        GroupLockStatus {
            group: group.to_owned(),
            holders: ids(true),
            waiting: ids(false),
            away: match seen {
                LockLook::Away(why) => Some(why.clone()),
                _ => None,
            },
            text: format!("group {group}: {}", seen.describe()),
        }
    }
}
