//! `agent status`: what the kernel, HAProxy and the app say now; nothing is remembered.

use super::say;
use crate::config::{AppSettings, Settings};
use crate::gate::Position;
use crate::hold;
use crate::host::ThisHost;
use crate::journal::{Entry, Journal};
use crate::lock::{Lock, told};
use crate::operation::{BalancerReport, GateReport, found};
use crate::state;
use crate::stop::Stop;
use crate::survey::Survey;
use serde::Serialize;
use std::path::{Path, PathBuf};

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

impl AppStatus {
    fn unseen(app: &AppSettings, why: String) -> AppStatus {
        AppStatus {
            app: app.name.clone(),
            gates: Vec::new(),
            balancers: Vec::new(),
            held: None,
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
    // For its list of locks the kernel waits for a grace period of RCU, some 10 ms.
    let (asking, names) = (settings.clone(), names(apps));
    let holders = tokio::task::spawn_blocking(move || Holders::ask(&asking, &names));
    let mut surveys = Vec::new();
    for app in apps {
        let host = ThisHost::new(settings, app, Stop::default()).await;
        surveys.push(match host {
            Ok(mut host) => Ok(host.survey(true).await),
            Err(error) => Err(error.to_string()),
        });
    }
    let holders = holders.await?;
    let mut all = Status {
        apps: Vec::new(),
        operation: holders.operation,
        sidecar: holders.sidecar,
    };
    for (app, (survey, under_way)) in apps.iter().zip(surveys.into_iter().zip(holders.apps)) {
        let others = Others {
            under_way,
            sidecar: all.sidecar.is_some(),
        };
        all.apps.push(match survey {
            Ok(survey) => seen(settings, app, &survey, others),
            Err(why) => AppStatus::unseen(app, why),
        });
    }
    match json {
        true => say(&format!("{}\n", serde_json::json!(all))),
        false => say(&text(&all)),
    }
    let sound = |app: &AppStatus| {
        app.healthy && app.trouble.is_empty() && app.balancers.iter().all(|b| b.error.is_none())
    };
    Ok(u8::from(!all.apps.iter().all(sound)))
}

/// Who holds the locks.
struct Holders {
    operation: Option<String>,
    sidecar: Option<String>,
    /// Whether somebody is at each app.
    apps: Vec<bool>,
}

impl Holders {
    /// Blocks.
    fn ask(settings: &Settings, apps: &[String]) -> Holders {
        let state_dir = &settings.agent.state_dir;
        let holder = |path: PathBuf| Lock::holder(&path).map(|who| told(who.as_ref()));
        let app = |app: &String| holder(state::app_lock(state_dir, app)).is_some();
        Holders {
            operation: holder(state::lock(state_dir)).or_else(|| of_units(settings)),
            sidecar: holder(state::sidecar(state_dir)),
            apps: apps.iter().map(app).collect(),
        }
    }
}

fn names(apps: &[AppSettings]) -> Vec<String> {
    apps.iter().map(|app| app.name.clone()).collect()
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

fn seen(settings: &Settings, app: &AppSettings, survey: &Survey, others: Others) -> AppStatus {
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
        balancers: BalancerReport::of_survey(survey),
        held,
        healthy: health.is_ok(),
        health: match health {
            Ok(()) => format!("the app at {address} is healthy"),
            Err(why) => format!("the app at {address} is not healthy: {why}"),
        },
        in_rotation: facts.in_rotation(),
        serving: facts.serves(),
        spare: facts.spare(app.limits.min_available),
        trouble,
        text: found(app, survey),
    }
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

fn text(all: &Status) -> String {
    let mut text = String::new();
    for app in &all.apps {
        let mut line = |line: &str| text.push_str(&format!("{line}\n"));
        app.text.iter().for_each(|seen| line(seen));
        line(&format!("{}: {}", app.app, app.health));
        if let Some(who) = &app.held {
            line(&format!("{}: closed by {who}", app.app));
        }
        app.trouble
            .iter()
            .for_each(|trouble| line(&format!("{}: trouble: {trouble}", app.app)));
    }
    let told = [("under way", &all.operation), ("sidecar", &all.sidecar)];
    for (what, who) in told {
        if let Some(who) = who {
            text += &format!("{what}: {who}\n");
        }
    }
    text
}
