//! One process at a time changes the host's rules. Operations on two apps may run at once, in the
//! sidecar or beside it, and share the chain and the jumps to it. Without this lock each would
//! undo the other's changes.

use crate::state::directory;
use crate::state::lock_file;
use crate::state::permissions;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// A change takes some tens of milliseconds. A process that takes longer than this hangs, and
/// closing can't wait for that.
const AT_MOST: Duration = Duration::from_secs(2);

/// Between two tries to take the lock.
const AGAIN: Duration = Duration::from_millis(5);

/// The right to change rules, until it is dropped. None: the lock was not free in time. The next
/// look then finds rules that conflict. The lock's owner does not write its name, because it is
/// done in a moment.
pub(super) async fn lock(state_dir: &Path) -> Option<File> {
    let path = directory::rules_lock(state_dir);
    let trusted = permissions::check(state_dir).and_then(|()| permissions::check(&path));
    trusted.ok()?;
    let lock = lock_file::open(&path).ok()?;
    let asked = Instant::now();
    while !matches!(lock_file::try_take(&lock), Ok(true)) {
        if asked.elapsed() >= AT_MOST {
            tracing::warn!(
                "another process keeps the lock of the rules: the agent changes the \
                rules without it"
            );
            return None;
        }
        tokio::time::sleep(AGAIN).await;
    }
    Some(lock)
}
