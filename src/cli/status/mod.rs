//! `agent status`: what the kernel, HAProxy and the app say now; nothing is remembered.

mod frame;
mod holders;
mod look;
mod seen;
mod text;
mod watch;

pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use crate::report::{BalancerReport, GateReport};
use look::Looks;
use serde::Serialize;

#[derive(Serialize)]
struct Status {
    apps: Vec<AppStatus>,
    /// Who holds the host's lock, or an app's on behalf of a unit.
    operation: Option<String>,
    /// Who keeps the gates.
    sidecar: Option<String>,
}

#[derive(Serialize)]
struct AppStatus {
    app: String,
    gates: Vec<GateReport>,
    balancers: Vec<BalancerReport>,
    /// Who closed the gates and wants them so.
    held: Option<String>,
    /// The phase of the operation under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<PhaseNow>,
    healthy: bool,
    health: String,
    /// Every balancer answers, and shows all lines of this host fully UP.
    in_rotation: bool,
    /// Users come to this host now: it takes something away when it goes.
    serving: bool,
    /// How many hosts may go out of rotation now, this one among them, until `min_available`
    /// is reached in the tightest backend; None: a balancer can't be seen.
    spare: Option<i64>,
    trouble: Vec<String>,
    #[serde(skip)]
    text: Vec<String>,
}

/// Where an operation stands, as its journal says.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct PhaseNow {
    /// As on the command line.
    verb: &'static str,
    phase: &'static str,
    /// How long it has been in it.
    seconds: u64,
}

impl AppStatus {
    fn unseen(app: &str, why: String) -> AppStatus {
        AppStatus {
            app: app.to_owned(),
            gates: Vec::new(),
            balancers: Vec::new(),
            held: None,
            phase: None,
            healthy: false,
            health: "the app was not asked".to_owned(),
            in_rotation: false,
            serving: false,
            spare: None,
            trouble: vec![why],
            text: Vec::new(),
        }
    }
}

/// Who else is at work on this host.
#[derive(Clone, Copy)]
struct Others {
    under_way: bool,
    sidecar: bool,
}

impl Others {
    fn who_mends(self, app: &str) -> String {
        match self.sidecar {
            true => "the sidecar".to_owned(),
            false => format!("`agent recover {app}`"),
        }
    }
}

/// Prints it. Exit code 1 where something is in the way or out of sight, or the app is sick.
pub(super) async fn status(
    settings: &Settings,
    apps: &[AppSettings],
    json: bool,
) -> anyhow::Result<u8> {
    let all = Looks::new(settings, apps).next().await?;
    match json {
        true => say(&format!("{}\n", serde_json::json!(all))),
        false => say(&text::text(&all)),
    }
    let sound = |app: &AppStatus| {
        app.healthy && app.trouble.is_empty() && app.balancers.iter().all(|b| b.error.is_none())
    };
    Ok(u8::from(!all.apps.iter().all(sound)))
}
