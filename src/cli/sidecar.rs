//! `agent run`: the sidecar, until a signal stops it.

use super::screen::{complain, say};
use crate::app::{Change, Restart};
use crate::config::{AppSettings, PageSettings, Settings};
use crate::page;
use crate::sidecar::{Ending, Sidecar, StartError};
use crate::state::directory;
use std::path::Path;

/// Runs the sidecar, or prints which gates it would keep open.
pub(super) async fn run(config: &Path, settings: Settings, dry_run: bool, json: bool) -> u8 {
    if dry_run {
        return match usable(&settings) {
            Ok(()) => {
                let warnings = missing_files(&settings).await;
                plan(&settings, &warnings, json)
            }
            Err(why) => refuse(&StartError::Unable(why), json),
        };
    }
    let sidecar = match Sidecar::start(config.to_owned(), settings) {
        Ok(sidecar) => sidecar.run().await,
        Err(error) => Err(error),
    };
    match sidecar {
        Ok(ended) => {
            if json {
                let ending = match ended.ending {
                    Ending::Keep => "keep",
                    Ending::Out | Ending::OutIfEnough => "drain",
                };
                let (outcome, exit, apps) = (ended.outcome, ended.exit, &ended.apps);
                print(&serde_json::json!({
                    "verb": "run", "outcome": outcome, "exit": exit, "ending": ending, "apps": apps,
                }));
            }
            ended.exit
        }
        Err(error) => refuse(&error, json),
    }
}

/// Checks what would end a sidecar at once, as far as a dry run can.
fn usable(settings: &Settings) -> Result<(), String> {
    let agent = &settings.agent;
    for app in &settings.apps {
        let trusted = directory::trusted(&agent.state_dir, &agent.hold_dir, &app.name);
        trusted.map_err(|untrusted| untrusted.to_string())?;
    }
    for (key, directory) in [
        ("state_dir", &agent.state_dir),
        ("hold_dir", &agent.hold_dir),
    ] {
        if directory.exists() && !directory.is_dir() {
            let what = std::io::ErrorKind::NotADirectory.into();
            return Err(directory::unusable(key, directory, &what));
        }
    }
    Ok(())
}

fn refuse(error: &StartError, json: bool) -> u8 {
    let (exit, outcome) = match error {
        StartError::RunsAlready(_) => (10, "locked"),
        StartError::Unable(_) => (11, "refused"),
    };
    let message = error.to_string();
    if json {
        print(
            &serde_json::json!({"verb": "run", "outcome": outcome, "exit": exit, "message": message}),
        );
    }
    complain(&message);
    exit
}

/// Programs and pages that can't be used now: an operation would refuse, the sidecar does without them.
async fn missing_files(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    for app in &settings.apps {
        for one in app.instances() {
            let restart = &one.restart;
            if let Restart::Command(_) | Restart::StopAndStart { .. } = restart
                && let Err(error) = restart.check().await
            {
                let (label, name) = (one.label(), &app.name);
                warnings.push(format!(
                    "{label}: restart: {error}; `agent restart {name}` refuses"
                ));
            }
        }
        for (key, change, verb) in [
            ("upgrade", &app.upgrade, "restart"),
            ("rollback", &app.rollback, "restart"),
            ("verify", &app.verify, "switch"),
        ] {
            if let Some(Err(error)) = change.as_ref().map(Change::check) {
                let name = &app.name;
                warnings.push(format!(
                    "{name}: {key}: {error}; `agent {verb} {name}` refuses"
                ));
            }
        }
        let page = app.page.as_ref().and_then(PageSettings::file);
        if let Some(Err(fault)) = page.map(page::check) {
            let name = &app.name;
            warnings.push(format!(
                "{name}: page: {fault}; `agent maintenance on {name}` refuses without its page"
            ));
        }
    }
    warnings
}

fn plan(settings: &Settings, warnings: &[String], json: bool) -> u8 {
    let apps: Vec<String> = settings
        .apps
        .iter()
        .map(|app| kept(settings, app))
        .collect();
    if json {
        print(&serde_json::json!({
            "verb": "run", "outcome": "planned", "exit": 0, "plan": apps, "warnings": warnings,
        }));
        return 0;
    }
    let metrics = match &settings.agent.metrics {
        Some(address) => format!("metrics on {address}"),
        None => "no metrics".to_owned(),
    };
    let warnings: String = warnings
        .iter()
        .map(|line| format!("warning: {line}\n"))
        .collect();
    say(&format!(
        "{}\n{warnings}{metrics}\na dry run: nothing was changed\n",
        apps.join("\n")
    ));
    0
}

fn kept(settings: &Settings, app: &AppSettings) -> String {
    let gates: Vec<String> = settings
        .gates(app)
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("{}: would keep open: {}", app.name, gates.join(", "))
}

fn print(object: &serde_json::Value) {
    say(&format!("{object}\n"));
}
