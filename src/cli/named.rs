//! The app and the target that the command line names.

use super::times::waits;
use crate::config::{AppSettings, Settings};
use std::time::Duration;

/// The app of this name, or the only app, seen at its first target.
pub(super) fn the_app<'a>(
    settings: &'a Settings,
    name: Option<&str>,
) -> anyhow::Result<&'a AppSettings> {
    let names: Vec<&str> = settings.apps.iter().map(|app| app.name.as_str()).collect();
    match (name, settings.apps.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => anyhow::bail!(
            "the configuration has several apps: name one of {}",
            names.join(", ")
        ),
        (Some(name), apps) => match apps.iter().find(|app| app.name == name) {
            Some(app) => Ok(app),
            None => anyhow::bail!(
                "no app {name:?} in the configuration; it has {}{}",
                names.join(", "),
                target_tip(name)
            ),
        },
    }
}

/// For `web/green`: the verbs find the target themselves.
fn target_tip(name: &str) -> String {
    match name.split_once('/') {
        Some((app, _)) => {
            format!("; name the app alone, {app}: the agent finds its current target")
        }
        None => String::new(),
    }
}

/// Checks that the app has this target.
pub(super) fn the_target<'a>(app: &AppSettings, target: &'a str) -> anyhow::Result<&'a str> {
    match app.target_names() {
        names if names.contains(&target) => Ok(target),
        names if names.is_empty() => anyhow::bail!(
            "app {} has no targets: a target needs a table [app.{}.target.{target}] in the \
             configuration",
            app.name,
            app.name
        ),
        names => anyhow::bail!(
            "app {} has no target {target:?}; it has {}",
            app.name,
            names.join(", ")
        ),
    }
}

/// The app of `agent status`. `--watch 2s` would name an app `2s`: a time needs the `=`.
pub(super) fn watched<'a>(
    settings: &'a Settings,
    name: &str,
    watch: Option<Duration>,
) -> anyhow::Result<&'a AppSettings> {
    let is_time = watch.is_some() && waits(name).is_ok();
    the_app(settings, Some(name)).map_err(|error| match is_time {
        true => anyhow::anyhow!("{error}; did you mean `--watch={name}`?"),
        false => error,
    })
}
