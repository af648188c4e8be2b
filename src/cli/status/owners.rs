//! The processes that have this host's locks.

use crate::config::Settings;
use crate::state::directory;
use crate::state::lock::{Lock, Owner, describe};
use serde::Serialize;
use std::path::PathBuf;

/// A process that has a lock. A field is None if the process has not written it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct LockOwner {
    pub(super) command: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) since_unix_seconds: Option<u64>,
    pub(super) text: String,
}

impl From<Option<Owner>> for LockOwner {
    fn from(owner: Option<Owner>) -> LockOwner {
        LockOwner {
            text: describe(owner.as_ref()),
            pid: owner.as_ref().map(|owner| owner.pid),
            since_unix_seconds: owner.as_ref().map(|owner| owner.since),
            command: owner.map(|owner| owner.command),
        }
    }
}

/// The owners of the locks.
pub(super) struct Owners {
    /// Of the host's lock, or of an app's on behalf of a unit.
    pub(super) operation: Option<LockOwner>,
    /// Of the sidecar's lock.
    pub(super) sidecar: Option<LockOwner>,
    /// Whether each app's lock is taken.
    pub(super) apps: Vec<bool>,
}

impl Owners {
    /// Reads the owners of all locks. Blocks.
    pub(super) fn ask(settings: &Settings, apps: &[String]) -> Owners {
        let state_dir = &settings.agent.state_dir;
        let owner = |path: PathBuf| Lock::owner(&path).map(LockOwner::from);
        let app = |app: &String| owner(directory::app_lock(state_dir, app)).is_some();
        Owners {
            operation: owner(directory::lock(state_dir)).or_else(|| of_units(settings)),
            sidecar: owner(directory::sidecar(state_dir)),
            apps: apps.iter().map(app).collect(),
        }
    }
}

/// Whether this app's lock is taken.
pub(super) async fn is_taken(settings: &Settings, app: &str) -> bool {
    let lock = directory::app_lock(&settings.agent.state_dir, app);
    let asked = tokio::task::spawn_blocking(move || Lock::owner(&lock).is_some());
    asked.await.unwrap_or(false)
}

/// The owner of an app's lock on behalf of a unit: such an operation does not take the host's
/// lock. The sidecar is left out, because it has the lock only briefly.
fn of_units(settings: &Settings) -> Option<LockOwner> {
    let apps = settings.apps.iter();
    let mut locks = apps.map(|app| directory::app_lock(&settings.agent.state_dir, &app.name));
    locks.find_map(|lock| {
        let owner = Lock::owner(&lock)?;
        let brief = owner.as_ref().is_none_or(|owner| owner.brief);
        (!brief).then(|| LockOwner::from(owner))
    })
}
