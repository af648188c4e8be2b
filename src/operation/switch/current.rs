//! Finds the current target of an app: reads the record, and looks at the targets if there is none.

use super::chosen::{self, Current};
use crate::config::{AppSettings, Settings};
use crate::host::look_at_targets;
use crate::state::target;

/// The current target. None: the app has no targets.
///
/// # Errors
///
/// It is not known, or the record can't be read: why, and what to run.
pub async fn current(settings: &Settings, app: &AppSettings) -> Result<Option<Current>, String> {
    if !app.has_targets() {
        return Ok(None);
    }
    let record = target::find(&settings.agent.hold_dir, &app.name);
    let record = record.map_err(|error| error.to_string())?;
    let current = match chosen::recorded(app, record.as_ref()) {
        Some(known) => known?,
        None => chosen::found(app, &look_at_targets(settings, app).await?)?,
    };
    Ok(Some(current))
}

/// The app seen at its current target. An app without targets is seen as it is.
///
/// # Errors
///
/// As [`current`].
pub async fn seen_at_current(
    settings: &Settings,
    app: &AppSettings,
) -> Result<AppSettings, String> {
    let current = current(settings, app).await?;
    Ok(seen_at(app, current.as_ref()))
}

pub(super) fn seen_at(app: &AppSettings, current: Option<&Current>) -> AppSettings {
    let view = current.and_then(|current| app.at(&current.target));
    view.unwrap_or_else(|| app.clone())
}
