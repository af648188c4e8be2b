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
                target_tip(name, apps)
            ),
        },
    }
}

/// For `web/green`, and for `green` alone: the verbs find the current target themselves.
fn target_tip(name: &str, apps: &[AppSettings]) -> String {
    let (of, target) = match name.split_once('/') {
        Some((app, target)) => (Some(app), target),
        None => (None, name),
    };
    let is_it = |app: &&AppSettings| {
        of.is_none_or(|of| of == app.name) && app.target_names().contains(&target)
    };
    match (apps.iter().find(is_it), of) {
        (Some(app), _) => format!(
            "; name the app alone, {}: the agent finds its current target, and `agent switch {} --to \
             {target}` moves users to another one",
            app.name, app.name
        ),
        (None, Some(of)) => {
            format!("; name the app alone, {of}: the agent finds its current target")
        }
        (None, None) => String::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    const TARGETS: &str = "[app.web]\n[app.web.target.blue]\nport = 1000\nstatus_port = 2000\n\
        run = { systemd = \"web@blue\" }\n[app.web.target.green]\nport = 1001\n\
        status_port = 2001\nrun = { systemd = \"web@green\" }\n[[haproxy]]\nsocket = \"/run/a\"\n";

    #[test]
    fn a_target_in_the_place_of_the_app_is_named_by_its_option() {
        let settings = crate::config::read("agent.toml".as_ref(), TARGETS).unwrap();
        let to = "; name the app alone, web: the agent finds its current target, and `agent switch \
                  web --to green` moves users to another one";
        let alone = "it has web; name the app alone, api: the agent finds its current target";
        for (name, ends) in [
            ("green", to),
            ("web/green", to),
            ("api/green", alone),
            ("red", "it has web"),
        ] {
            let why = the_app(&settings, Some(name)).unwrap_err().to_string();
            assert!(why.ends_with(ends), "{why}");
        }
    }
}
