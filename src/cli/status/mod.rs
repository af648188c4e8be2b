//! `agent status`: what the kernel, HAProxy and the app say now, and what the state directory has
//! of holds and operations.

mod closed;
mod frame;
mod look;
mod owners;
mod seen;
mod text;
mod watch;

pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use crate::report::{BalancerReport, GateReport};
use crate::state::hold::HoldReport;
use look::Looks;
use owners::LockOwner;
use serde::Serialize;
use std::net::SocketAddr;

/// Each `text` in it is for people: it says in one line what the fields beside it say.
#[derive(Serialize)]
struct Status {
    apps: Vec<AppStatus>,
    /// The process that has the host's lock, or an app's on behalf of a unit.
    operation: Option<LockOwner>,
    /// The process that keeps the gates.
    sidecar: Option<LockOwner>,
}

#[derive(Serialize)]
struct AppStatus {
    app: String,
    gates: Vec<GateReport>,
    balancers: Vec<BalancerReport>,
    /// The request that the gates stay closed.
    hold: Option<HoldReport>,
    /// When the sidecar closed the gates as it stopped, where nothing has opened them since.
    closed_by_sidecar_unix_seconds: Option<u64>,
    /// The phase of the operation under way.
    phase: Option<PhaseNow>,
    health: Health,
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

/// The phase of an operation, as its journal has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct PhaseNow {
    /// As on the command line.
    verb: &'static str,
    phase: &'static str,
    /// How long it has been in it.
    seconds: u64,
    /// Whether the host takes no other server away any more: it is out, or on its way back.
    settled: bool,
}

/// The answer to a health check.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Health {
    healthy: bool,
    /// Where the app was asked; None: it was not.
    address: Option<SocketAddr>,
    error: Option<String>,
    text: String,
}

impl Health {
    fn of(address: SocketAddr, answer: &Result<(), String>) -> Health {
        let error = answer.as_ref().err().cloned();
        Health {
            healthy: error.is_none(),
            address: Some(address),
            text: match &error {
                None => format!("the app at {address} is healthy"),
                Some(why) => format!("the app at {address} is not healthy: {why}"),
            },
            error,
        }
    }

    fn not_asked() -> Health {
        let text = "the app was not asked".to_owned();
        Health {
            healthy: false,
            address: None,
            error: Some(text.clone()),
            text,
        }
    }
}

impl AppStatus {
    fn unseen(app: &str, why: String) -> AppStatus {
        AppStatus {
            app: app.to_owned(),
            gates: Vec::new(),
            balancers: Vec::new(),
            hold: None,
            closed_by_sidecar_unix_seconds: None,
            phase: None,
            health: Health::not_asked(),
            in_rotation: false,
            serving: false,
            spare: None,
            trouble: vec![why],
            text: Vec::new(),
        }
    }
}

/// Which other agents work on this host.
#[derive(Clone, Copy)]
struct Others {
    under_way: bool,
    sidecar: bool,
}

impl Others {
    /// What opens gates that nothing keeps closed.
    fn opener(self, app: &str) -> String {
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
        app.health.healthy
            && app.trouble.is_empty()
            && app.balancers.iter().all(|b| b.error.is_none())
    };
    Ok(u8::from(!all.apps.iter().all(sound)))
}
