//! `agent maintenance status` and `agent readonly status`: what `agent status` shows of the page and of
//! the marker. Both are asked also while they are off.

use super::look::{Asks, Looks};
use super::model::{AppStatus, Status};
use crate::cli::screen::say;
use crate::config::{AppSettings, Settings};
use crate::report::BalancerReport;
use crate::state::hold::By;
use serde_json::{Value, json};

/// What is shown of one app: the line, the balancers and the trouble.
type Shown<'a> = (&'a str, &'a [BalancerReport], &'a [String]);

pub(in crate::cli) async fn maintenance(
    settings: &Settings,
    apps: &[AppSettings],
    json: bool,
) -> anyhow::Result<u8> {
    let all = Looks::new(settings, apps, Asks::Always).next().await?;
    let shown = |app: &'_ AppStatus| {
        let page = app.page.as_ref()?;
        Some(lines(app, (&page.text, &page.balancers, &page.trouble)))
    };
    let data = |app: &AppStatus| {
        let hold = app.hold.as_ref();
        let hold = hold.filter(|hold| matches!(hold.by, By::Maintenance | By::Unknown));
        let trouble = app.page.as_ref().map_or(&app.trouble, |page| &page.trouble);
        json!({"app": app.app, "hold": hold, "page": app.page, "trouble": trouble})
    };
    print(&all, json, shown, data);
    Ok(0)
}

pub(in crate::cli) async fn readonly(
    settings: &Settings,
    apps: &[AppSettings],
    json: bool,
) -> anyhow::Result<u8> {
    let all = Looks::new(settings, apps, Asks::Always).next().await?;
    let shown = |app: &'_ AppStatus| {
        let marker = app.readonly.as_ref()?;
        let (text, balancers) = (&marker.text, &marker.balancers);
        Some(lines(app, (text, balancers, &marker.trouble)))
    };
    let data = |app: &AppStatus| {
        let marker = app.readonly.as_ref();
        let trouble = marker.map_or(&app.trouble, |marker| &marker.trouble);
        json!({"app": app.app, "readonly": marker, "trouble": trouble})
    };
    print(&all, json, shown, data);
    Ok(0)
}

fn print(
    all: &Status,
    json: bool,
    shown: impl Fn(&AppStatus) -> Option<Vec<String>>,
    data: impl Fn(&AppStatus) -> Value,
) {
    let apps = all.apps.iter();
    if json {
        let apps: Vec<Value> = apps.map(data).collect();
        let needs_root = all.needs_root;
        return say(&format!(
            "{}\n",
            json!({"host": all.host, "apps": apps, "needs_root": needs_root})
        ));
    }
    // An app that can't be looked at has its reason as trouble.
    let lines = apps.flat_map(|app| shown(app).unwrap_or_else(|| unseen(app)));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    say(&lines);
}

fn unseen(app: &AppStatus) -> Vec<String> {
    let trouble = app.trouble.iter();
    trouble.map(|why| format!("{}: {why}", app.app)).collect()
}

fn lines(app: &AppStatus, (text, balancers, trouble): Shown<'_>) -> Vec<String> {
    let name = &app.app;
    let mut lines = vec![format!("{name}: {text}")];
    lines.extend(
        balancers
            .iter()
            .map(|one| format!("{name}: {}", of_balancer(one))),
    );
    lines.extend(
        trouble
            .iter()
            .map(|what| format!("{name}: trouble: {what}")),
    );
    lines
}

/// `tcp://10.0.0.1:9999: srvs/page1 UP`.
fn of_balancer(balancer: &BalancerReport) -> String {
    let lines = balancer.lines.iter();
    let lines: Vec<String> = lines
        .map(|line| format!("{} {}", line.name, line.status))
        .collect();
    let shown = balancer.error.clone().unwrap_or_else(|| lines.join(", "));
    format!("{}: {shown}", balancer.name)
}
