//! One app: itself, its gates, its balancers, and how the checks of its lines come in.

use super::network::{Network, Way};
use crate::config::{AppSettings, Settings};
use crate::doctor::connections::Leaving;
use crate::doctor::{AppFacts, app, balancer, firewall, gates, tables};
use crate::gate::{Firewall, Gate, Position, View, bound};
use crate::haproxy::{Balancer, Own, Role, Status};
use crate::host::{Asking, Snapshot};
use crate::host::{ThisHost, balancers};
use crate::restart::Host;
use crate::restart::{Ask, Count, Counted, taken_down};
use crate::signals::StopSignal;
use crate::state::journal::{Entry, Journal};
use crate::state::lock::Lock;
use crate::state::{directory as state, hold};
use futures_util::future::join_all;
use std::time::Duration;

/// Looks at the connections to the app, until it is said that they do not add up; and the time
/// between two, which is longer than a health check of a twin takes.
const LOOKS: u32 = 8;
const BETWEEN: Duration = Duration::from_millis(100);

/// One app, and what it brought to light of the whole host.
pub struct Looked {
    pub facts: AppFacts,
    pub firewall: Option<Firewall>,
    /// The nat tables, as this app's gates meet them.
    pub rules: Result<tables::Used, String>,
}

/// Looks at it.
pub async fn of_app(all: &Settings, settings: &AppSettings, network: &Network) -> Looked {
    let host = ThisHost::new(all, settings, StopSignal::default()).await;
    let mut asked = match &host {
        Ok(host) => host.balancers.clone(),
        Err(_) => balancers(all, settings),
    };
    let examining = asked.iter_mut().map(Balancer::examine);
    let seen = join_all(examining).await;
    let seen: Vec<balancer::Balancer> = asked
        .iter()
        .zip(seen)
        .map(|(balancer, seen)| balancer::Balancer {
            name: balancer.name.clone(),
            address: balancer.address().clone(),
            seen,
        })
        .collect();
    let lines = of_lines(&asked, &seen, network).await;
    let mut looked = Looked {
        facts: AppFacts {
            settings: settings.clone(),
            gates: None,
            checked: Vec::new(),
            app: None,
            balancers: seen,
            counted: Vec::new(),
        },
        firewall: None,
        rules: Err(String::new()),
    };
    let mut host = match host {
        Ok(host) => host,
        Err(error) => {
            looked.rules = Err(error.to_string());
            return looked;
        }
    };
    host.look_again(&asked);
    let snapshot = host.snapshot(Asking::Nobody).await;
    let beside = host.beside(all).await;
    looked.facts.app = Some(app::App {
        beside: taken_down(&beside, &settings.name, &settings.also_restarts),
        leaving: leaving(&mut host, &snapshot).await,
        ..of_itself(settings, &snapshot, &lines)
    });
    let (gates, used) = match &snapshot.rules {
        Ok(view) => (
            Some(of_gates(all, settings, view, &snapshot)),
            Ok(used(&host.firewall, view, &Vec::from(host.gates.clone()))),
        ),
        Err(error) => (None, Err(error.to_string())),
    };
    looked.facts.checked = host
        .gates
        .iter()
        .map(|gate| checked(gate, gates.as_ref(), &lines))
        .collect();
    if let (Some(app), Some(gates)) = (&mut looked.facts.app, &gates) {
        app.refused = refused(gates, &lines);
    }
    (looked.facts.gates, looked.rules) = (gates, used);
    looked.firewall = Some(host.firewall);
    looked
}

/// Looks until both ends agree: HAProxy and the kernel are not asked in the same instant.
async fn leaving(host: &mut ThisHost, snapshot: &Snapshot) -> Leaving {
    if let Err(why) = &snapshot.countable {
        return Leaving::Unknown(why.clone());
    }
    let mut last = Leaving::NoLines;
    for _ in 0..LOOKS {
        let before = host.balancers(Ask::Lines).await;
        if before.iter().any(|balancer| balancer.lines.is_err()) {
            return Leaving::NoLines;
        }
        let count = Count::at(&before);
        last = match host.connections_at_rest(&before).await {
            None => return Leaving::Asked,
            Some(Err(why)) => return Leaving::Unknown(why),
            Some(Ok(seen)) if seen.counted(count) == Counted::All => {
                return Leaving::Counted(seen, count);
            }
            Some(Ok(seen)) => Leaving::Counted(seen, count),
        };
        tokio::time::sleep(BETWEEN).await;
    }
    last
}

/// A line of ours, how its checks come, and how the last one ended.
struct Line {
    own: Own,
    way: Way,
    /// HAProxy says so, by its checks.
    up: bool,
    down: bool,
    word: Option<String>,
}

async fn of_lines(asked: &[Balancer], seen: &[balancer::Balancer], network: &Network) -> Vec<Line> {
    let mut lines = Vec::new();
    for (balancer, examined) in asked.iter().zip(seen) {
        let Ok(examined) = &examined.seen else {
            continue;
        };
        for own in examined.own() {
            let listed = examined.listed(own);
            let is = |such: &dyn Fn(&Status) -> bool| {
                listed.is_some_and(|listed| such(&listed.stat.status))
            };
            let word = listed.and_then(|listed| listed.check.as_ref());
            lines.push(Line {
                own: own.clone(),
                way: network.way(balancer, own).await,
                up: is(&|status| *status == Status::Up),
                down: is(&|status| matches!(status, Status::Down(_))),
                word: word.map(|check| check.status.to_string()),
            });
        }
    }
    lines
}

fn of_itself(settings: &AppSettings, snapshot: &Snapshot, lines: &[Line]) -> app::App {
    let led = lines
        .iter()
        .filter(|line| line.own.role != Role::ClassicTwin);
    app::App {
        app: settings.name.clone(),
        port: settings.ports.port,
        bound: bound(settings.ports.port),
        led_to: (!lines.is_empty()).then(|| {
            led.map(|line| (named(&line.own), line.way.led_to.clone()))
                .collect()
        }),
        refused: Vec::new(),
        health: snapshot.health.clone(),
        unverified: settings.health.unverified(),
        askable: snapshot.askable.clone(),
        restart: (settings.restart.to_string(), snapshot.restart.clone()),
        beside: Ok(Vec::new()),
        leaving: Leaving::NoLines,
    }
}

fn named(own: &Own) -> String {
    format!("{}/{}", own.backend, own.server)
}

/// Those by IPv4 whose gate is open.
fn refused(gates: &gates::Gates, lines: &[Line]) -> Vec<String> {
    let of_gate = |seen: &&gates::Seen| seen.position == Position::Open;
    let open: Vec<Role> = gates
        .gates
        .iter()
        .filter(of_gate)
        .map(|seen| role(&seen.gate))
        .collect();
    let refused = lines.iter().filter(|line| {
        let v4 = line.own.address.is_some_and(|address| address.is_ipv4());
        let is_open = line.own.role == Role::ClassicTwin || open.contains(&line.own.role);
        v4 && is_open && line.down && line.word.as_deref() == Some("L4CON")
    });
    refused.map(|line| named(&line.own)).collect()
}

fn of_gates(
    all: &Settings,
    settings: &AppSettings,
    view: &View,
    snapshot: &Snapshot,
) -> gates::Gates {
    let agent = &all.agent;
    let app = &settings.name;
    let seen = snapshot
        .listeners
        .iter()
        .map(|(gate, listeners)| gates::Seen {
            gate: gate.clone(),
            position: view.position(gate),
            foreign: view
                .foreign_in_use(gate)
                .into_iter()
                .map(|one| (one.rule, one.removal))
                .collect(),
            perhaps: Vec::new(),
            native: Ok(()),
            listeners: listeners.clone(),
            taken: snapshot.taken_by(gate).cloned(),
        });
    gates::Gates {
        app: app.clone(),
        gates: seen.collect(),
        left_behind: match Journal::left_behind(&agent.state_dir, app) {
            Ok(entry) => entry.as_ref().map(Entry::cut_short),
            Err(torn) => Some(torn),
        },
        held: hold::now(&agent.hold_dir, app).map(|held| held.told()),
        under_way: Lock::holder(&state::app_lock(&agent.state_dir, app)).is_some(),
        sidecar: Lock::holder(&state::sidecar(&agent.state_dir)).is_some(),
        free_port: gates::free_port(settings.ports.status_port, &taken(all)),
    }
}

/// Every port that an app of this configuration has.
fn taken(all: &Settings) -> Vec<u16> {
    let ports = all.apps.iter().map(|app| app.ports);
    let each = ports.flat_map(|one| {
        let both = [one.port, one.status_port];
        both.into_iter().chain(one.backup_status_port)
    });
    each.collect()
}

fn used(firewall: &Firewall, view: &View, gates: &[Gate]) -> tables::Used {
    let shadowing = gates.iter().flat_map(|gate| view.foreign_beside(gate));
    tables::Used {
        variant: firewall.variant(),
        beside: view.beside(),
        shadowing: shadowing.map(|one| (one.rule, one.removal)).collect(),
    }
}

fn checked(gate: &Gate, gates: Option<&gates::Gates>, lines: &[Line]) -> firewall::Checked {
    let of_gate: Vec<&Line> = lines
        .iter()
        .filter(|line| line.own.role == role(gate))
        .collect();
    let mut coming: Vec<firewall::Coming> = Vec::new();
    for line in &of_gate {
        let packet = line.way.packet(gate.status_port);
        match coming.iter_mut().find(|one| one.packet == packet) {
            Some(one) => one.led &= line.up,
            None => coming.push(firewall::Coming {
                packet,
                led: line.up,
            }),
        }
    }
    if coming.is_empty() {
        let packet = Way::default().packet(gate.status_port);
        coming.push(firewall::Coming { packet, led: false });
    }
    let seen = gates.and_then(|gates| gates.gates.iter().find(|seen| seen.gate == *gate));
    let is = |position| seen.is_some_and(|seen| seen.position == position);
    coming
        .iter_mut()
        .for_each(|one| one.led &= is(Position::Open));
    let words = || {
        of_gate
            .iter()
            .filter_map(|line| line.word.clone())
            .collect()
    };
    firewall::Checked {
        gate: gate.clone(),
        coming,
        closed: is(Position::Closed).then(words),
    }
}

/// Whose check comes by that gate.
pub fn role(gate: &Gate) -> Role {
    gate.role
}
