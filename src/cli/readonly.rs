//! `agent readonly`: HAProxy refuses writes, or takes them again.

use super::arguments::Cli;
use super::attached;
use super::call::call;
use super::declaring::{Declaring, Ending, What};
use super::named::the_app;
use super::options::Target;
use super::print::last_lines;
use super::screen::{complain, say};
use super::status;
use crate::config::{AppSettings, Settings};
use crate::operation::{Kept, Readonly, ReadonlyReport, recover_marker};

impl Cli {
    pub(super) async fn readonly(
        &self,
        settings: &Settings,
        declaring: &Declaring,
    ) -> anyhow::Result<u8> {
        let (of, begins) = match &declaring.what {
            What::On(on) => (&on.of, Some(on)),
            What::Off(Ending { of }) => (of, None),
            What::Status(any) => {
                let apps = any.with(settings, |app| app.readonly.is_some(), no_marker)?;
                return status::readonly(settings, &apps, self.json).await;
            }
        };
        let app = the_app(settings, of.app.as_deref())?;
        if app.readonly.is_none() {
            return Err(no_marker(app));
        }
        let readonly = Readonly {
            on: begins.is_some(),
            settings,
            app,
            lasts: begins.and_then(|on| on.lasting.lasts),
            reason: of.reason.clone(),
            outside_window: begins.is_some_and(|on| on.window.outside_window),
            dry_run: of.dry_run,
            call: call(),
            without_balancers: of.without.names(settings, app, false)?,
        };
        let report = readonly.run(attached::listen(of.attached)?).await;
        print(&report, self.json);
        Ok(report.exit)
    }
}

fn no_marker(app: &AppSettings) -> anyhow::Error {
    let name = &app.name;
    anyhow::anyhow!(
        "app {name} has no marker: write [app.{name}.readonly] with a status_port (`man agent.toml`), \
         and give HAProxy what `agent haproxy-config {name} --readonly` prints"
    )
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
            // It waits for no check of HAProxy.
            Ok(Kept::Opened) => "the marker's gate is open again, for HAProxy's checks to see",
            Ok(Kept::Closed) => "the marker's gate is closed again, for HAProxy's checks to see",
            Ok(Kept::Ended) => "the time of read-only is over: the marker's gate is closed",
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
        _ => {
            let lines = last_lines(app, &report.reasons, &report.message);
            lines.iter().for_each(|line| complain(line));
        }
    }
}
