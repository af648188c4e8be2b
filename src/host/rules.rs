//! The host's rules are changed by one at a time. Operations on two apps may run at once, in the
//! sidecar or beside it, and share the chain and the jumps to it: what one has listed, the other
//! has changed, and each takes back what the other did.

use crate::lock::{Lock, LockError, Who};
use crate::state;
use std::path::Path;
use std::time::{Duration, Instant};

/// A change takes some tens of milliseconds: whoever takes longer than this hangs, and closing
/// can't wait for that.
const AT_MOST: Duration = Duration::from_secs(5);

/// Between two looks whether it is free.
const AGAIN: Duration = Duration::from_millis(5);

/// The right to change rules, until it is dropped; None where it can't be had: rules that are in
/// the way of each other are found at the next look.
pub(super) async fn turn(state_dir: &Path) -> Option<Lock> {
    let path = state::rules_lock(state_dir);
    let who = Who::new("the rules").brief();
    let asked = Instant::now();
    loop {
        match Lock::take(&path, &who) {
            Ok(lock) => return Some(lock),
            Err(LockError::Held(_)) if asked.elapsed() < AT_MOST => {
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => {
                tracing::info!(%error, "the rules are changed without waiting for others");
                return None;
            }
        }
    }
}
