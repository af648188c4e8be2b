//! `agent probe`: whether an app or one of its targets runs, is healthy and verified. It moves no
//! gate.

use super::probed::the_probed;
use super::screen::{complain, say};
use crate::config::{AppSettings, PageSettings, Settings};
use crate::host::{Probe, ProbeStep, Probed};
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
