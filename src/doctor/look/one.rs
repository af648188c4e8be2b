//! Gathers the facts of one app: itself, its gates and its balancers.

use super::lines;
use super::page::is_on;
use super::reached::{published, reached};
use crate::config::{AppSettings, Settings};
use crate::doctor::app_facts::AppFacts;
use crate::doctor::cfg::Shown;
use crate::doctor::connections::{Leaving, MASTER};
use crate::doctor::fault::Fault;
use crate::doctor::{app, balancer, evidence, gates, tables};
use crate::gate::{Firewall, Gate, View};
use crate::haproxy::Balancer;
use crate::host::{Asking, Snapshot, ThisHost, balancers};
use crate::restart::switch::Part;
use crate::restart::{Ask, Count, Counted, Host, taken_down};
use crate::signals::StopSignal;
use crate::state::journal::{Entry, Journal};
use crate::state::lock::Lock;
use crate::state::{directory as state, hold};
use futures_util::future::join_all;
use std::time::Duration;

/// The number of looks at the connections until doctor reports that they do not add up, and the
/// time between two looks. A health check of a twin is shorter than that time.
const LOOKS: u32 = 8;
const BETWEEN: Duration = Duration::from_millis(100);

/// The facts of one app, and what its look showed of the whole host.
pub(crate) struct Looked {
    pub facts: AppFacts,
    /// The nat tables as this app's gates see them.
    pub rules: Result<tables::Used, String>,
}

/// Looks at one app, seen at one of its targets.
pub(crate) async fn of_app(
    all: &Settings,
    settings: &AppSettings,
    is_current: Option<bool>,
) -> Looked {
    let host = ThisHost::new(all, settings, StopSignal::default()).await;
    let mut asked = match &host {
        Ok(host) => host.balancers.clone(),
        Err(_) => balancers(all, settings),
    };
    let mut looked = Looked::of_balancers(settings, is_current, &mut asked).await;
    match host {
        Ok(mut host) => {
            host.look_again(&asked);
            looked.look_at(&mut host, all).await;
        }
        Err(error) => looked.rules = Err(error.to_string()),
    }
    looked
}

impl Looked {
    async fn of_balancers(
        settings: &AppSettings,
        is_current: Option<bool>,
        asked: &mut [Balancer],
    ) -> Looked {
        let seen = join_all(asked.iter_mut().map(Balancer::examine)).await;
        let examined = |(balancer, seen): (&Balancer, _)| balancer::Balancer {
            name: balancer.name.clone(),
            address: balancer.address().clone(),
            seen,
        };
        let balancers: Vec<balancer::Balancer> = asked.iter().zip(seen).map(examined).collect();
        Looked {
            facts: AppFacts {
                settings: settings.clone(),
                is_current,
                gates: None,
                checked: Vec::new(),
                app: None,
                shown: Shown::default(),
                has_master: asked.iter().all(Balancer::has_master),
                evidence: evidence::Evidence {
                    lines: settings.target.is_some().then(|| lines::names(&balancers)),
                    out_of_rotation: settings.limits.out_of_rotation,
                    in_rotation: settings.limits.in_rotation,
                    ..evidence::Evidence::default()
                },
                balancers,
            },
            rules: Err(String::new()),
        }
    }

    /// Adds what this host shows.
    async fn look_at(&mut self, host: &mut ThisHost, all: &Settings) {
        let Looked { facts, rules } = self;
        let (settings, lines) = (&facts.settings, lines::of(&facts.balancers));
        let snapshot = host.snapshot(Asking::NoBalancer).await;
        facts.evidence.around = snapshot.rules_around();
        let beside = host.beside(all).await;
        let mut app = app::App {
            beside: taken_down(&beside, &settings.name, &settings.also_restarts)
                .map_err(|reasons| reasons.into_iter().map(Fault::from).collect()),
            leaving: match facts.is_current {
                Some(true) => leaving(host, &snapshot).await,
                _ => Leaving::NoLines,
            },
            is_current: facts.is_current,
            ..of_itself(settings, &snapshot)
        };
        match &snapshot.rules {
            Ok(view) => {
                let mut gates = of_gates(all, settings, view, &snapshot);
                gates.is_current = facts.is_current;
                gates.has_classic_twin = lines::have_a_classic_twin(&lines);
                app.reached.through = lines::through(&gates, &lines);
                app.reached.published = published(settings, view).await;
                facts.gates = Some(gates);
                *rules = Ok(used(&host.firewall, view));
            }
            Err(error) => *rules = Err(error.to_string()),
        }
        let checked = |gate| lines::checked(gate, facts.gates.as_ref(), &lines);
        facts.checked = host.gates.iter().map(checked).collect();
        facts.app = Some(app);
    }
}

/// Looks until both ends agree, because HAProxy and the kernel can't be asked at the same instant.
async fn leaving(host: &mut ThisHost, snapshot: &Snapshot) -> Leaving {
    let is_root = nix::unistd::geteuid().is_root();
    let unknown = |why: &String| match is_root {
        true => Leaving::Unknown(Fault::of(why, MASTER)),
        false => Leaving::NeedsRoot,
    };
    if let Err(why) = &snapshot.countable {
        return unknown(why);
    }
    let mut last = Leaving::NoLines;
    for _ in 0..LOOKS {
        let before = host.balancers(Part::Old, Ask::Lines).await;
        if before.iter().any(|balancer| balancer.answer.is_err()) {
            return Leaving::NoLines;
        }
        let count = Count::at(&before);
        last = match host.connections_at_rest(&before).await {
            None => return Leaving::Asked,
            Some(Err(why)) => return unknown(&why),
            Some(Ok(seen)) if seen.counted(count) == Counted::All => {
                return Leaving::Counted(seen, count);
            }
            Some(Ok(seen)) => Leaving::Counted(seen, count),
        };
        tokio::time::sleep(BETWEEN).await;
    }
    match last {
        // Only root sees the tracked connections.
        Leaving::Counted(..) if !is_root => Leaving::NeedsRoot,
        last => last,
    }
}

fn of_itself(settings: &AppSettings, snapshot: &Snapshot) -> app::App {
    let (name, (probed, health)) = (&settings.name, snapshot.health.clone());
    let otherwise = match settings.target {
        Some(_) => format!("correct `run` or `restart` in [{}]", settings.table()),
        None => format!("correct `restart`, `upgrade` or `rollback` in [app.{name}]"),
    };
    let fault = |why: &String| Fault::of(why, &otherwise);
    let askable = snapshot.askable.as_ref().copied();
    let restart = snapshot.restart.as_ref();
    app::App {
        app: name.clone(),
        label: settings.label(),
        table: settings.table(),
        is_current: Some(true),
        port: settings.ports.port,
        reached: reached(settings, snapshot),
        probed,
        health,
        unverified: settings.health.unverified(),
        askable: askable.map_err(|why| Fault::of(why, "fix `health`")),
        restarts_by: settings.restart.to_string(),
        restart: restart
            .map(|odd| odd.iter().map(fault).collect())
            .map_err(|unable| app::Unable {
                certain: unable.certain.iter().map(fault).collect(),
                unseen: unable.unseen(),
            }),
        beside: Ok(Vec::new()),
        leaving: Leaving::NoLines,
    }
}

fn of_gates(
    all: &Settings,
    settings: &AppSettings,
    view: &View,
    snapshot: &Snapshot,
) -> gates::Gates {
    let (agent, app) = (&all.agent, &settings.name);
    let taken: Vec<u16> = all.instances().flat_map(|app| app.ports.each()).collect();
    let seen = |(gate, listeners): (Gate, Vec<String>)| gates::GateFacts {
        position: view.position(&gate),
        foreign: view.foreign(&gate),
        disproved: Vec::new(),
        native: view
            .native_unseen()
            .map_or(Ok(()), |why| Err(why.to_owned())),
        listeners,
        taken: snapshot.taken_by(&gate).cloned(),
        gate,
    };
    gates::Gates {
        app: app.clone(),
        label: settings.label(),
        table: settings.table(),
        is_current: Some(true),
        gates: snapshot.listeners.clone().map(seen),
        unfinished: match Journal::unfinished(&agent.state_dir, app) {
            Ok(entry) => entry.as_ref().map(Entry::cut_short),
            Err(torn) => Some(torn),
        },
        maintenance: is_on(all, app),
        held: hold::now(&agent.hold_dir, app).map(|held| held.describe()),
        under_way: Lock::owner(&state::app_lock(&agent.state_dir, app)).is_some(),
        sidecar: Lock::owner(&state::sidecar(&agent.state_dir)).is_some(),
        has_classic_twin: false,
        free_port: gates::free_port(settings.ports.status_port, &taken),
    }
}

fn used(firewall: &Firewall, view: &View) -> tables::Used {
    tables::Used {
        variant: firewall.variant(),
        beside: view.beside(),
    }
}
