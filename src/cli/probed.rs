//! What `agent probe` asks: the app, one of its targets or its page.

use super::named::the_app;
use crate::config::{AppSettings, PAGE, READONLY, Settings};
use crate::operation;

/// The app, seen at the target to probe: the one that is named, else the idle one.
pub(super) async fn the_probed(
    settings: &Settings,
    which: Option<&str>,
) -> anyhow::Result<AppSettings> {
    let (name, target) = match which.map(|which| which.split_once('/')) {
        Some(Some((app, target))) => (Some(app), Some(target)),
        _ => (which, None),
    };
    let app = the_app(settings, name)?;
    let target = match target {
        Some(PAGE) => return the_page(app),
        Some(target) if app.target_names().contains(&target) => target.to_owned(),
        Some(target) => return Err(not_one(app, target)),
        None if !app.has_targets() => return Ok(app.clone()),
        None => idle(settings, app).await?,
    };
    app.at(&target)
        .ok_or_else(|| anyhow::anyhow!("internal error: app {} has no target {target}", app.name))
}

fn the_page(app: &AppSettings) -> anyhow::Result<AppSettings> {
    let name = &app.name;
    let page = app.at_page();
    page.ok_or_else(|| {
        anyhow::anyhow!(
            "app {name} has no page: that needs a table [app.{name}.page] in the configuration"
        )
    })
}

/// What can be probed of an app.
fn probed(app: &AppSettings) -> Vec<String> {
    let page = app.page.as_ref().and_then(|_| app.at_page());
    let all = app.instances().into_iter().chain(page);
    all.map(|one| one.label()).collect()
}

/// Neither a target nor the page.
fn not_one(app: &AppSettings, target: &str) -> anyhow::Error {
    let name = &app.name;
    if target == READONLY && app.readonly.is_some() {
        return anyhow::anyhow!(
            "the marker {name}/{target} is a gate alone, and nothing of its own listens there: `agent \
             readonly status {name}` shows it"
        );
    }
    anyhow::anyhow!(
        "app {name} has no target {target:?}; a probe can ask {}",
        probed(app).join(", ")
    )
}

/// The only idle target.
async fn idle(settings: &Settings, app: &AppSettings) -> anyhow::Result<String> {
    let name_one = format!("name one of {}", probed(app).join(", "));
    let current = match operation::current(settings, app).await {
        Ok(current) => current.map(|current| current.target),
        Err(why) => anyhow::bail!("{why}; or {name_one}"),
    };
    let names = app.target_names().into_iter();
    let idle: Vec<&str> = names
        .filter(|name| Some(*name) != current.as_deref())
        .collect();
    match idle.as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => anyhow::bail!(
            "app {} has {} idle targets: {name_one}",
            app.name,
            idle.len()
        ),
    }
}
