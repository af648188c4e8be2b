//! `--all`: the same operation on every app of this host, one after the other.
//!
//! An operator who closes all apps wants the host free of users. So `close --all` closes none if it
//! could not close all, and it ends with the first app that fails. What it has closed stays closed.

use super::arguments::Cli;
use super::attached;
use super::operate::{OptionsOf, operation};
use super::options::Target;
use super::screen::{self, complain, say};
use crate::config::{AppSettings, Settings};
use crate::operation::Options;
use crate::report::Report;
use crate::restart::Verb;
use crate::signals::StopSignal;
use crate::state::hold;

/// The apps, each with its options.
type Each<'a> = [(&'a AppSettings, Options)];

/// What was done, and the apps that were not tried after it.
#[derive(Default)]
struct Done<'a> {
    reports: Vec<Report>,
    /// No hold was there before, and now one keeps the gates closed.
    closed: Vec<&'a str>,
    not_tried: Vec<&'a str>,
}

impl Cli {
    /// Returns the exit code of the first app that failed. A signal ends it.
    pub(super) async fn operate_all(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
        options: OptionsOf<'_>,
    ) -> anyhow::Result<u8> {
        let with_options = settings.apps.iter().map(|app| Ok((app, options(app)?)));
        let all: Vec<(&AppSettings, Options)> = with_options.collect::<anyhow::Result<_>>()?;
        let stop = attached::listen(target.attached)?;
        let _shown_in_the_end = screen::begin();
        // What a unit closes as it stops has no users in a moment, in any case.
        let of_operator = all.iter().all(|(_, options)| options.owner.is_none());
        let all_or_none = verb == Verb::Close && of_operator && !target.dry_run;
        if all_or_none && let Some(looks) = self.against(&all, settings, target, &stop).await {
            return Ok(self.print_all(verb, &looks));
        }
        let mut done = Done::default();
        for (app, options) in all {
            if ends(&done.reports, all_or_none) {
                done.not_tried.push(&app.name);
                continue;
            }
            let was_held = hold::now(&settings.agent.hold_dir, &app.name).is_some();
            let operation = operation(verb, settings, (app, options), target);
            let report = self.run_operation(&operation, stop.clone()).await;
            report.print_text(self.json);
            if report.exit == 0 && report.has_closed() && !was_held {
                done.closed.push(&app.name);
            }
            done.reports.push(report);
        }
        if all_or_none && !self.json {
            after_close(&done, settings.apps.len());
        }
        Ok(self.print_all(verb, &done))
    }

    /// A dry run of each. None: nothing is against it.
    async fn against<'a>(
        &self,
        all: &Each<'a>,
        settings: &Settings,
        target: &Target,
        stop: &StopSignal,
    ) -> Option<Done<'a>> {
        let mut reports = Vec::new();
        for (app, options) in all {
            let mut look = operation(Verb::Close, settings, (app, options.clone()), target);
            look.dry_run = true;
            let mut report = self.run_operation(&look, stop.clone()).await;
            report.plan = None;
            reports.push(report);
        }
        if reports.iter().all(|report| report.exit == 0) {
            return None;
        }
        let (able, unable): (Vec<&Report>, Vec<&Report>) =
            reports.iter().partition(|report| report.exit == 0);
        let able: Vec<&str> = able.iter().map(|report| report.app.as_str()).collect();
        for report in &unable {
            report.print_text(self.json);
        }
        if !self.json {
            complain(&format!(
                "no app was closed, because {} of {} can't be closed now{}",
                unable.len(),
                reports.len(),
                beside(&able)
            ));
        }
        Some(Done {
            reports,
            ..Done::default()
        })
    }

    fn print_all(&self, verb: Verb, done: &Done<'_>) -> u8 {
        let exit = first_failure(&done.reports);
        if self.json {
            let mut all = serde_json::json!({"verb": verb, "exit": exit, "apps": done.reports});
            if !done.not_tried.is_empty() {
                all["not_tried"] = serde_json::json!(done.not_tried);
            }
            say(&format!("{all}\n"));
        }
        exit
    }
}

/// The operations end here: after a signal, or, if it is to be all of them, after a failure.
fn ends(reports: &[Report], all_or_none: bool) -> bool {
    let exit = first_failure(reports);
    exit > 128 || all_or_none && exit != 0
}

fn first_failure(reports: &[Report]) -> u8 {
    let mut exits = reports.iter().map(|report| report.exit);
    exits.find(|exit| *exit != 0).unwrap_or(0)
}

/// The calls for those that can be closed.
fn beside(able: &[&str]) -> String {
    match able {
        [] => String::new(),
        able => format!("; to close the rest: {}", calls("close", able)),
    }
}

/// What was not tried, and how to undo what was done.
fn after_close(done: &Done<'_>, apps: usize) {
    for app in &done.not_tried {
        complain(&format!(
            "{app}: not closed, because an app before it has failed"
        ));
    }
    let undo = match done.closed.as_slice() {
        [] => return,
        all if all.len() == apps => "`agent open --all`".to_owned(),
        some => calls("open", some),
    };
    let line = format!("to undo it: {undo}");
    match first_failure(&done.reports) {
        0 => say(&format!("{line}\n")),
        _ => complain(&line),
    }
}

fn calls(verb: &str, apps: &[&str]) -> String {
    let calls = apps.iter().map(|app| format!("`agent {verb} {app}`"));
    calls.collect::<Vec<_>>().join(", ")
}
