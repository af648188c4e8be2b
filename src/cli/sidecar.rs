//! `agent run`: the sidecar, until a signal stops it.

use super::missing::missing_files;
use super::screen::{complain, say};
use crate::config::{AppSettings, Settings};
use crate::operation::{self, Current};
use crate::sidecar::{Ending, Sidecar, StartError};
use crate::state::directory;
use crate::state::hold::{self, Held};
use std::path::Path;

/// Runs the sidecar, or prints which gates it would keep open.
pub(super) async fn run(config: &Path, settings: Settings, dry_run: bool, json: bool) -> u8 {
    if dry_run {
        return match usable(&settings) {
            Ok(()) => {
                let warnings = missing_files(&settings).await;
                plan(&settings, &warnings, json).await
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

async fn plan(settings: &Settings, warnings: &[String], json: bool) -> u8 {
    let mut apps = Vec::new();
    for app in &settings.apps {
        let held = hold::now(&settings.agent.hold_dir, &app.name);
        let current = operation::current(settings, app).await;
        apps.push(kept(settings, app, held.as_ref(), current));
    }
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

/// The gates that the sidecar would keep open: of the page in maintenance, else of the current target.
fn kept(
    settings: &Settings,
    app: &AppSettings,
    held: Option<&Held>,
    current: Result<Option<Current>, String>,
) -> String {
    let name = &app.name;
    let view = match (held, current) {
        (Some(held), _) if held.is_of_maintenance() => app.at_page(),
        (Some(held), _) => {
            return format!(
                "{name}: would open no gate: held closed by {}",
                held.describe()
            );
        }
        (None, Err(why)) => return format!("{name}: would open no gate, as yet: {why}"),
        (None, Ok(None)) => Some(app.clone()),
        (None, Ok(Some(current))) => app.at(&current.target),
    };
    let Some(view) = view else {
        return format!("{name}: would open no gate: maintenance is on, and the app has no page");
    };
    let gates = settings.gates(&view).into_iter();
    let gates: Vec<String> = gates.map(|gate| gate.to_string()).collect();
    format!("{}: would keep open: {}", view.label(), gates.join(", "))
}

fn print(object: &serde_json::Value) {
    say(&format!("{object}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::By;
    use crate::restart::Verb;
    use crate::state::hold::Hold;
    use crate::state::invocation::Invocation;

    const TARGETS: &str = r#"
[app.web]
[app.web.page]
port = 1009
status_port = 2009
[app.web.target.blue]
port = 1000
status_port = 2000
run = { systemd = "web@blue.service" }
[app.web.target.green]
port = 1001
status_port = 2001
run = { systemd = "web@green.service" }
[[haproxy]]
socket = "/run/a.sock"
"#;

    fn held(verb: Verb) -> Held {
        Held::By(Hold {
            invocation: Invocation::new(verb, "web"),
            user: None,
            operation: None,
            owner: None,
            reason: None,
            until: None,
            boot: String::new(),
            also: None,
            failed: None,
            before: None,
        })
    }

    #[test]
    fn it_names_the_target_that_is_current() {
        let settings = crate::config::read("agent.toml".as_ref(), TARGETS).unwrap();
        let green = || {
            Ok(Some(Current {
                target: "green".to_owned(),
                by: By::Record,
            }))
        };
        let none = || Err("no target of web is current: start one".to_owned());
        let (on, closed) = (held(Verb::MaintenanceOn), held(Verb::Close));
        for (held, current, says) in [
            (None, green(), "web/green: would keep open: "),
            (
                None,
                none(),
                "web: would open no gate, as yet: no target of web is current",
            ),
            (Some(&on), green(), "web/page: would keep open: "),
            (
                Some(&closed),
                green(),
                "web: would open no gate: held closed by `agent close web`",
            ),
        ] {
            let said = kept(&settings, &settings.apps[0], held, current);
            assert!(said.starts_with(says), "{said}");
        }
    }
}
