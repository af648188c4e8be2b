//! `agent status`: what the kernel, HAProxy and the app say now; nothing is remembered.

mod frame;
mod text;
mod watch;

pub(super) use watch::watch;

use super::screen::say;
use crate::config::{AppSettings, Settings};
use crate::gate::Position;
use crate::hold;
use crate::host::ThisHost;
use crate::journal::{Entry, Journal};
use crate::lock::{Lock, told};
use crate::operation::{BalancerReport, GateReport, found};
use crate::state::{self, Kept};
use crate::stop::Stop;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, SystemTime};

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
pub(super) async fn status(settings: &Settings, apps: &[AppSettings], json: bool) -> u8 {
    let all = now(settings, apps).await;
    match json {
        true => say(&format!("{}\n", serde_json::json!(all))),
        false => say(&text::text(&all)),
    }
    let sound = |app: &AppStatus| {
        app.healthy && app.trouble.is_empty() && app.balancers.iter().all(|b| b.error.is_none())
    };
    u8::from(!all.apps.iter().all(sound))
}

/// Looks at everything.
async fn now(settings: &Settings, apps: &[AppSettings]) -> Status {
    let holder = |path: std::path::PathBuf| Lock::holder(&path).map(|who| told(who.as_ref()));
    let operation = holder(state::lock(&settings.agent.state_dir)).or_else(|| of_units(settings));
    let mut all = Status {
        apps: Vec::new(),
        operation,
        sidecar: holder(state::sidecar(&settings.agent.state_dir)),
    };
    for app in apps {
        let others = Others {
            under_way: holder(state::app_lock(&settings.agent.state_dir, &app.name)).is_some(),
            sidecar: all.sidecar.is_some(),
        };
        all.apps
            .push(match ThisHost::new(settings, app, Stop::default()).await {
                Ok(host) => look(settings, app, host, others).await,
                Err(error) => AppStatus::unseen(&app.name, error.to_string()),
            });
    }
    all
}

/// A unit's operation does not ask for the host's turn. The sidecar is done in a moment.
fn of_units(settings: &Settings) -> Option<String> {
    let apps = settings.apps.iter();
    let mut locks = apps.map(|app| state::app_lock(&settings.agent.state_dir, &app.name));
    locks.find_map(|lock| {
        let who = Lock::holder(&lock)?;
        let brief = who.as_ref().is_none_or(|who| who.brief);
        (!brief).then(|| told(who.as_ref()))
    })
}

async fn look(
    settings: &Settings,
    app: &AppSettings,
    mut host: ThisHost,
    others: Others,
) -> AppStatus {
    let survey = host.survey(true).await;
    let gates = survey.gates().zip(survey.positions());
    let mut trouble = survey.trouble();
    let (state_dir, hold_dir) = (&settings.agent.state_dir, &settings.agent.hold_dir);
    let untrusted = state::trusted(state_dir, hold_dir, &app.name).err();
    trouble.extend(untrusted.map(|untrusted| untrusted.to_string()));
    let held = hold::now(hold_dir, &app.name).map(|held| held.told());
    trouble.extend(survey.restart.as_ref().err().cloned());
    // An operation under way may be between two families, and closes gates.
    if !others.under_way {
        let who = others.who_mends(&app.name);
        let positions = survey.positions();
        trouble.extend(astray(app, state_dir, (&positions, held.is_some()), &who));
        let broken = survey.broken().filter(|_| held.is_none());
        trouble.extend(broken.map(|what| format!("{what}: {who} mends it")));
    }
    let (address, health) = &survey.health;
    let facts = survey.facts();
    AppStatus {
        app: app.name.clone(),
        gates: gates
            .map(|(gate, position)| GateReport::new(gate, position))
            .collect(),
        balancers: BalancerReport::of_survey(&survey),
        held,
        phase: phase_now(state_dir, &app.name).filter(|_| others.under_way),
        healthy: health.is_ok(),
        health: match health {
            Ok(()) => format!("the app at {address} is healthy"),
            Err(why) => format!("the app at {address} is not healthy: {why}"),
        },
        in_rotation: facts.in_rotation(),
        serving: facts.serves(),
        spare: facts.spare(app.limits.min_available),
        trouble,
        text: found(app, &survey),
    }
}

/// The journal is written as each phase begins.
fn phase_now(state_dir: &Path, app: &str) -> Option<PhaseNow> {
    let entry = Journal::left_behind(state_dir, app).ok()??;
    let written = Kept::Journal.path(state_dir, app).metadata().ok()?;
    let since = SystemTime::now().duration_since(written.modified().ok()?);
    Some(PhaseNow {
        verb: entry.holder.verb.word(),
        phase: entry.phase.name(),
        seconds: since.as_ref().map_or(0, Duration::as_secs),
    })
}

/// What an operation left behind by dying, and gates that nobody asked to be closed.
fn astray(
    app: &AppSettings,
    state_dir: &Path,
    (positions, held): (&[Position], bool),
    who: &str,
) -> Vec<String> {
    let closed = positions.contains(&Position::Closed);
    match Journal::left_behind(state_dir, &app.name) {
        Ok(Some(entry)) => vec![format!("{}: {who} ends it", Entry::cut_short(&entry))],
        Err(torn) => vec![format!("{torn}: {who} goes on without it")],
        Ok(None) if held && positions.iter().any(|gate| *gate != Position::Closed) => {
            vec![format!(
                "an operator closed the gates, and not all are closed: `agent close {0}`, or `agent open {0}`",
                app.name
            )]
        }
        Ok(None) if closed && !held => {
            vec![format!(
                "a gate is closed, and nobody asked for that: {who} opens it once the app is healthy"
            )]
        }
        Ok(None) => Vec::new(),
    }
}
