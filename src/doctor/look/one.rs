//! Gathers the facts of one app: itself, its gates and its balancers.

use super::lines;
use crate::config::{AppSettings, Settings};
use crate::doctor::app_facts::AppFacts;
use crate::doctor::connections::{Leaving, MASTER};
use crate::doctor::fault::Fault;
use crate::doctor::reached::{Published, Reached};
use crate::doctor::{app, balancer, evidence, gates, tables};
use crate::gate::{Destination, Firewall, Gate, View, bound};
use crate::haproxy::Balancer;
use crate::host::{Asking, Snapshot, ThisHost, balancers, interface_addresses};
use crate::restart::switch::Part;
use crate::restart::{Ask, Count, Counted, Host, taken_down};
use crate::signals::StopSignal;
use crate::state::journal::{Entry, Journal};
use crate::state::lock::Lock;
use crate::state::{directory as state, hold};
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::time::Duration;

/// The number of looks at the connections until doctor reports that they do not add up, and the
/// time between two looks. A health check of a twin is shorter than that time.
const LOOKS: u32 = 8;
const BETWEEN: Duration = Duration::from_millis(100);

/// A port may be published to many places, as by Kubernetes: so many are asked for their health.
const MOST: usize = 3;

/// The facts of one app, and what its look showed of the whole host.
pub(crate) struct Looked {
    pub facts: AppFacts,
    /// The nat tables as this app's gates see them.
    pub rules: Result<tables::Used, String>,
}

/// Looks at one app.
pub(crate) async fn of_app(all: &Settings, settings: &AppSettings) -> Looked {
    let host = ThisHost::new(all, settings, StopSignal::default()).await;
    let mut asked = match &host {
        Ok(host) => host.balancers.clone(),
        Err(_) => balancers(all, settings),
    };
    let mut looked = Looked::of_balancers(settings, &mut asked).await;
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
    async fn of_balancers(settings: &AppSettings, asked: &mut [Balancer]) -> Looked {
        let seen = join_all(asked.iter_mut().map(Balancer::examine)).await;
        let examined = |(balancer, seen): (&Balancer, _)| balancer::Balancer {
            name: balancer.name.clone(),
            address: balancer.address().clone(),
            seen,
        };
        Looked {
            facts: AppFacts {
                settings: settings.clone(),
                gates: None,
                checked: Vec::new(),
                app: None,
                has_master: asked.iter().all(Balancer::has_master),
                balancers: asked.iter().zip(seen).map(examined).collect(),
                evidence: evidence::Evidence {
                    out_of_rotation: settings.limits.out_of_rotation,
                    in_rotation: settings.limits.in_rotation,
                    ..evidence::Evidence::default()
                },
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
            leaving: leaving(host, &snapshot).await,
            ..of_itself(settings, &snapshot)
        };
        match &snapshot.rules {
            Ok(view) => {
                let mut gates = of_gates(all, settings, view, &snapshot);
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
    let otherwise = format!("correct `restart`, `upgrade` or `rollback` in [app.{name}]");
    let fault = |why: &String| Fault::of(why, &otherwise);
    let askable = snapshot.askable.as_ref().copied();
    let restart = snapshot.restart.as_ref();
    app::App {
        app: name.clone(),
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

fn reached(settings: &AppSettings, snapshot: &Snapshot) -> Reached {
    Reached {
        to: settings.gate_to,
        bound: match settings.gate_to {
            Destination::Port(port) => bound(port),
            Destination::Address(_) => Vec::new(),
        },
        through: Vec::new(),
        published: Vec::new(),
        is_forwarded: settings.gate_to.address().is_none_or(is_forwarded),
        is_well: snapshot.health.1.is_ok() && snapshot.askable.is_ok(),
    }
}

/// The addresses that rules redirect the app's port to, with the app's health there.
async fn published(settings: &AppSettings, view: &View) -> Vec<Published> {
    let mut published = Vec::new();
    for to in view.published(settings.ports.port).into_iter().take(MOST) {
        let health = settings.health.probe(to, settings.environment()).await;
        published.push(Published { to, health });
    }
    published
}

/// The kernel forwards packets of that family, or the address is one of this host.
fn is_forwarded(to: SocketAddr) -> bool {
    let switch = match to.is_ipv4() {
        true => "/proc/sys/net/ipv4/ip_forward",
        false => "/proc/sys/net/ipv6/conf/all/forwarding",
    };
    let is_off = std::fs::read_to_string(switch).is_ok_and(|text| text.trim() == "0");
    !is_off || interface_addresses().contains(&to.ip())
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
        gates: snapshot.listeners.clone().map(seen),
        unfinished: match Journal::unfinished(&agent.state_dir, app) {
            Ok(entry) => entry.as_ref().map(Entry::cut_short),
            Err(torn) => Some(torn),
        },
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
