//! The app of a request that may concern all apps which have what is asked for.

use super::named::the_app;
use crate::config::{AppSettings, Settings};
use clap::Args;

/// For what may be asked of all apps at once.
#[derive(Debug, Args)]
pub(super) struct AnyApp {
    /// The app (default: all apps)
    app: Option<String>,
}

impl AnyApp {
    /// The app of this name, or all that have what is asked for. Err: the named one has `none` of it, or
    /// no app has.
    pub(super) fn with(
        &self,
        settings: &Settings,
        has: impl Fn(&AppSettings) -> bool,
        none: impl Fn(&AppSettings) -> anyhow::Error,
    ) -> anyhow::Result<Vec<AppSettings>> {
        let named = self
            .app
            .as_deref()
            .map(|name| the_app(settings, Some(name)));
        let meant: Vec<&AppSettings> = match named.transpose()? {
            Some(app) => vec![app],
            None => settings.apps.iter().collect(),
        };
        let found = meant
            .iter()
            .filter(|app| has(app))
            .map(|app| (*app).clone());
        let found: Vec<AppSettings> = found.collect();
        match (found.is_empty(), meant.first()) {
            (true, Some(first)) => Err(none(first)),
            _ => Ok(found),
        }
    }
}
