//! `agent probe`: whether an app or one of its targets runs, is healthy and verified. It moves no
//! gate.

use super::named::{the_app, the_target};
use super::screen::{complain, say};
use crate::config::{AppSettings, PAGE, PageSettings, Settings};
use crate::host::{Probe, ProbeStep, Probed};
use crate::operation;
use clap::Args;
use serde::Serialize;
use std::net::SocketAddr;

/// What to probe.
#[derive(Debug, Args)]
pub(super) struct Probing {
    /// The app, or as APP/TARGET one of its targets or its `page`; optional if the configuration has
    /// only one app
    #[arg(value_name = "APP[/TARGET]")]
    which: Option<String>,
}

/// How a probe ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Probed,
    NotHealthy,
    NotVerified,
}

impl End {
    pub(super) fn exit(self) -> u8 {
        match self {
            End::Probed => 0,
            End::NotHealthy | End::NotVerified => 15,
        }
    }

    /// `outcome` of `--json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            End::Probed => "probed",
            End::NotHealthy => "not_healthy",
            End::NotVerified => "not_verified",
        }
    }

    /// By the last step.
    fn of(steps: &[Probed]) -> End {
        match steps.last() {
            Some(Probed {
                step,
                result: Err(_),
                ..
            }) => match step {
                ProbeStep::Runs | ProbeStep::Health => End::NotHealthy,
                ProbeStep::Verify | ProbeStep::Page => End::NotVerified,
            },
            _ => End::Probed,
        }
    }
}

/// The JSON object on stdout.
#[derive(Serialize)]
struct Report {
    verb: &'static str,
    app: String,
    target: Option<String>,
    address: SocketAddr,
    outcome: &'static str,
    exit: u8,
    message: String,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    step: ProbeStep,
    ok: bool,
    seconds: f64,
    why: Option<String>,
    /// The last lines that the command printed.
    printed: Vec<String>,
}

impl From<&Probed> for Step {
    fn from(probed: &Probed) -> Step {
        Step {
            step: probed.step,
            ok: probed.result.is_ok(),
            seconds: probed.seconds,
            why: probed.result.clone().err(),
            printed: probed.printed.clone(),
        }
    }
}

/// Probes once, and prints each step. Returns the exit code.
pub(super) async fn probe(
    settings: &Settings,
    probing: &Probing,
    json: bool,
) -> anyhow::Result<u8> {
    let app = &the_probed(settings, probing.which.as_deref()).await?;
    let probe = Probe::new(app);
    let shown = |probed: &Probed| {
        if !json && probed.result.is_ok() {
            say(&format!("{}\n", step_line(app, probe.address, probed)));
        }
    };
    let steps = probe.run(shown).await;
    let end = End::of(&steps);
    let message = message(app, &steps);
    if json {
        say_json(app, probe.address, end, &message, &steps);
    }
    match (end, json) {
        (End::Probed, true) => {}
        (End::Probed, false) => say(&format!("{}: {message}\n", app.label())),
        _ => complain(&format!("{}: {message}", app.label())),
    }
    Ok(end.exit())
}

/// The app, seen at the target to probe: the one that is named, else the idle one.
async fn the_probed(settings: &Settings, which: Option<&str>) -> anyhow::Result<AppSettings> {
    let (name, target) = match which.map(|which| which.split_once('/')) {
        Some(Some((app, target))) => (Some(app), Some(target)),
        _ => (which, None),
    };
    let app = the_app(settings, name)?;
    let target = match target {
        Some(PAGE) => return the_page(app),
        Some(target) => the_target(app, target)?.to_owned(),
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

/// The only idle target.
async fn idle(settings: &Settings, app: &AppSettings) -> anyhow::Result<String> {
    let all: Vec<String> = app.instances().iter().map(AppSettings::label).collect();
    let name_one = format!("name one of {}", all.join(", "));
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

fn step_line(app: &AppSettings, address: SocketAddr, probed: &Probed) -> String {
    let what = match probed.step {
        ProbeStep::Runs => "it runs".to_owned(),
        ProbeStep::Health => match app.health.times {
            1 => format!("it is healthy at {address}"),
            times => format!("it is healthy at {address}, {times} times in a row"),
        },
        ProbeStep::Verify => {
            let verify = app.verify.as_ref().map(ToString::to_string);
            format!("verified by {}", verify.unwrap_or_default())
        }
        ProbeStep::Page => "users get the page".to_owned(),
    };
    format!("{}: {what}, in {:.1} s", app.label(), probed.seconds)
}

/// The result in one line.
fn message(app: &AppSettings, steps: &[Probed]) -> String {
    let failed = steps.last().and_then(|last| {
        let why = last.result.as_ref().err()?;
        Some((last.step, why))
    });
    match failed {
        None if app.is_page() => "it runs, is healthy and serves the page".to_owned(),
        None if app.verify.is_some() => "it runs, is healthy and verified".to_owned(),
        None => "it runs and is healthy".to_owned(),
        Some((ProbeStep::Runs, why)) => match &app.run {
            Some(run) => format!(
                "it does not run: {why}; `agent switch {}` starts it, by {}",
                app.name,
                run.shown_start()
            ),
            None => format!("it does not run: {why}{}", how_to_start(app)),
        },
        Some((ProbeStep::Health, why)) => format!("it is not healthy: {why}"),
        Some((ProbeStep::Verify, why)) => format!("it is not verified: {why}"),
        Some((ProbeStep::Page, why)) => format!("users do not get the page: {why}"),
    }
}

/// How the server of the page is started.
fn how_to_start(app: &AppSettings) -> String {
    match app
        .page
        .as_ref()
        .filter(|_| app.is_page())
        .map(PageSettings::file)
    {
        None => String::new(),
        Some(Some(_)) => format!(
            "; `systemctl start haproxy-gate-page@{}` starts it",
            app.name
        ),
        Some(None) => format!(
            "; without `file` in [app.{}.page] that is a server of your own: start it",
            app.name
        ),
    }
}

fn say_json(app: &AppSettings, address: SocketAddr, end: End, message: &str, steps: &[Probed]) {
    let report = Report {
        verb: "probe",
        app: app.name.clone(),
        target: app.target.clone(),
        address,
        outcome: end.word(),
        exit: end.exit(),
        message: message.to_owned(),
        steps: steps.iter().map(Step::from).collect(),
    };
    say(&format!("{}\n", serde_json::json!(report)));
}
