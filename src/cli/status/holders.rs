//! Who is at work on this host.

use crate::config::Settings;
use crate::state::directory;
use crate::state::lock::{Lock, told};
use std::path::PathBuf;

/// Who holds the locks.
pub(super) struct Holders {
    /// Who holds the host's lock, or an app's on behalf of a unit.
    pub(super) operation: Option<String>,
    /// Who keeps the gates.
    pub(super) sidecar: Option<String>,
    /// Whether somebody is at each app.
    pub(super) apps: Vec<bool>,
}

impl Holders {
    /// Blocks.
    pub(super) fn ask(settings: &Settings, apps: &[String]) -> Holders {
        let state_dir = &settings.agent.state_dir;
        let holder = |path: PathBuf| Lock::holder(&path).map(|who| told(who.as_ref()));
        let app = |app: &String| holder(directory::app_lock(state_dir, app)).is_some();
        Holders {
            operation: holder(directory::lock(state_dir)).or_else(|| of_units(settings)),
            sidecar: holder(directory::sidecar(state_dir)),
            apps: apps.iter().map(app).collect(),
        }
    }
}

/// Somebody is at this app.
pub(super) async fn is_held(settings: &Settings, app: &str) -> bool {
    let lock = directory::app_lock(&settings.agent.state_dir, app);
    let asked = tokio::task::spawn_blocking(move || Lock::holder(&lock).is_some());
    asked.await.unwrap_or(false)
}

/// A unit's operation does not ask for the host's turn. The sidecar is done in a moment.
fn of_units(settings: &Settings) -> Option<String> {
    let apps = settings.apps.iter();
    let mut locks = apps.map(|app| directory::app_lock(&settings.agent.state_dir, &app.name));
    locks.find_map(|lock| {
        let who = Lock::holder(&lock)?;
        let brief = who.as_ref().is_none_or(|who| who.brief);
        (!brief).then(|| told(who.as_ref()))
    })
}
