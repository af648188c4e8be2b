//! `agent readonly on|off`: HAProxy refuses writes, or takes them again.

use super::arguments::Cli;
use super::declaring::{Declaring, Switch};
use super::named::the_app;
use super::options::Target;
use super::screen::{complain, say};
use crate::config::{AppSettings, Settings};
use crate::operation::{Kept, Readonly, ReadonlyReport, recover_marker};
use crate::signals::StopSignal;

impl Cli {
    pub(super) async fn readonly(
        &self,
        settings: &Settings,
        declaring: &Declaring,
    ) -> anyhow::Result<u8> {
        let on = declaring.on == Switch::On;
        if !on && declaring.lasts.is_some() {
            anyhow::bail!("--for works only with `agent readonly on`: remove it");
        }
        if !on && declaring.window.outside_window {
            anyhow::bail!("`agent readonly off` may begin at any time: remove --outside-window");
        }
        let app = the_app(settings, declaring.app.as_deref())?;
        let readonly = Readonly {
            on,
            settings,
            app,
            lasts: declaring.lasts,
            reason: declaring.reason.clone(),
            outside_window: declaring.window.outside_window,
            dry_run: declaring.dry_run,
            without_balancers: declaring.without.names(settings, app, false)?,
        };
        let report = readonly.run(StopSignal::listen()?).await;
        print(&report, self.json);
        Ok(report.exit)
    }
}

/// After `agent recover`: the markers as their records say. False: one of them is not.
pub(super) async fn recover_markers(settings: &Settings, target: &Target, json: bool) -> bool {
    let mut all_done = true;
    let is_meant = |app: &&AppSettings| target.app.as_ref().is_none_or(|name| *name == app.name);
    let apps = settings.apps.iter().filter(is_meant);
    for app in apps.filter(|app| app.readonly.is_some() && !target.dry_run) {
        let name = &app.name;
        let said = match recover_marker(settings, app).await {
            Ok(Kept::AsItWas) => continue,
            Ok(Kept::Opened) => "the marker's gate is open again: writes are refused",
            Ok(Kept::Closed) => "the marker's gate is closed again: this host refuses no writes",
            Ok(Kept::Ended) => "the time of read-only is over: this host refuses no writes",
            Err(why) => {
                complain(&format!("{name}: {why}"));
                all_done = false;
                continue;
            }
        };
        if !json {
            say(&format!("{name}: {said}\n"));
        }
    }
    all_done
}

fn print(report: &ReadonlyReport, json: bool) {
    let app = &report.app;
    if json {
        say(&format!("{}\n", serde_json::json!(report)));
    } else {
        report
            .notices
            .iter()
            .for_each(|note| complain(&format!("{app}: note: {note}")));
    }
    let line = format!("{app}: {}", report.message);
    match (report.exit, json) {
        (0, true) => {}
        (0, false) => {
            let plan = report.plan.iter().flatten();
            let plan: String = plan.map(|line| format!("{line}\n")).collect();
            say(&format!("{plan}{line}\n"));
        }
        _ => complain(&line),
    }
}
