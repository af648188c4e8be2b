//! The host's rules are changed by one at a time. Operations on two apps may run at once, in the
//! sidecar or beside it, and share the chain and the jumps to it: what one has listed, the other
//! has changed, and each takes back what the other did.

use crate::state::directory;
use crate::state::permissions;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A change takes some tens of milliseconds: whoever takes longer than this hangs, and closing
/// can't wait for that.
const AT_MOST: Duration = Duration::from_secs(2);

/// Between two looks whether it is free.
const AGAIN: Duration = Duration::from_millis(5);

/// The right to change rules, until it is dropped; None where it can't be had: rules that are in
/// the way of each other are found at the next look. Whoever holds it says nothing: it is over
/// in a moment.
pub(super) async fn turn(state_dir: &Path) -> Option<File> {
    let path = directory::rules_lock(state_dir);
    let trusted = permissions::check(state_dir).and_then(|()| permissions::check(&path));
    let open = || {
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        // For root alone: whoever can open it could hold it.
        options.mode(0o600).open(&path)
    };
    let lock = trusted.ok().and_then(|()| open().ok())?;
    let asked = Instant::now();
    while lock.try_lock().is_err() {
        if asked.elapsed() >= AT_MOST {
            tracing::warn!("somebody keeps the lock of the rules: they are changed without it");
            return None;
        }
        tokio::time::sleep(AGAIN).await;
    }
    Some(lock)
}
