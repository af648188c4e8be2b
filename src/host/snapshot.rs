//! One read-only look at everything about one app. The preflight judges it, `--dry-run` prints it
//! and `status` shows it.

use super::{ThisHost, line_seen};
use crate::gate::{Foreign, Gate, GateError, Position, Taken, View, listeners};
use crate::haproxy::{Balancer, Info, Missing, Unseen};
use crate::restart::{BalancerFacts, Facts, PerGate, Reason};
use crate::tcp;
use futures_util::future::join_all;
use std::iter;
use std::net::SocketAddr;
use tokio::join;

/// Which balancers the look asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The look asks no balancer.
    NoBalancer,
    /// Looks for our lines among all servers.
    Anew,
    /// Asks for our lines where they were last found, and looks for those that are gone. With a
    /// big HAProxy or a big backend this does not read all servers each second.
    OfKnownLines,
}

/// One look at everything.
#[derive(Debug)]
pub struct Snapshot {
    /// The rules in the kernel.
    pub rules: Result<View, GateError>,
    /// For each gate, the processes that listen on its status port.
    pub listeners: PerGate<(Gate, Vec<String>)>,
    /// The owners of the status ports that this process can't reserve.
    pub taken: Vec<(u16, Taken)>,
    /// Every balancer.
    pub balancers: Vec<BalancerSnapshot>,
    /// The address of the app's probe, and the app's answer.
    pub health: (SocketAddr, Result<(), String>),
    /// Why the app's restart or upgrade could not work. Ok: what is only odd.
    pub restart: Result<Vec<String>, String>,
    /// Why the app's health could not be probed.
    pub askable: Result<(), String>,
    /// Why the connections to it can't be seen.
    pub countable: Result<(), String>,
}

/// One balancer.
#[derive(Debug)]
pub struct BalancerSnapshot {
    /// Its name.
    pub name: String,
    /// The worker that answered.
    pub worker: Option<Info>,
    /// What it showed, or why it could not be seen.
    pub facts: Result<BalancerFacts, Reason>,
}

impl ThisHost {
    /// Looks at everything, and at all balancers at once unless `asking` excludes them.
    pub async fn snapshot(&mut self, asking: Asking) -> Snapshot {
        // Only a drain without a master counts connections.
        let counts = !self.balancers.iter().all(Balancer::has_master);
        let asked = self.balancers.iter_mut();
        let asked = asked.filter(|_| asking != Asking::NoBalancer);
        let asked = asked.map(|balancer| balancer_snapshot(balancer, asking));
        // The rules take the longest: a program for each family.
        let (rules, balancers, countable) = join!(
            self.rules.look(&self.firewall),
            join_all(asked),
            countable(self.app.ports.port, counts),
        );
        let gates = self.gates.clone();
        let listeners = gates.map(|gate| {
            let who = listeners(gate.status_port);
            (gate, who)
        });
        let address = self.probe_address();
        let (health, restart) = join!(self.app.health.probe(address), self.restart_check());
        let askable = self.app.health.check();
        Snapshot {
            askable,
            countable,
            rules,
            listeners,
            taken: self.seen_taken().await,
            balancers,
            health: (address, health),
            restart,
        }
    }

    /// Whether the app's restart can work, and restarts this app. Also checks the commands of the
    /// upgrade and the rollback.
    async fn restart_check(&self) -> Result<Vec<String>, String> {
        let app = &self.app;
        let restart = match app.restart.check().await {
            Ok(odd) => match app.restart.serves(app.ports.port) {
                Ok(()) => Ok(odd),
                Err(error) => Err(text(error)),
            },
            Err(error) => Err(text(error)),
        };
        let mut odd = Vec::new();
        let restart = restart.map(|it| odd = it);
        let back = app.rollback.iter().filter(|_| app.upgrade.is_some());
        let changes = app.upgrade.iter().chain(back);
        let checks = changes.map(|change| change.check().map_err(text));
        let wrong: Vec<String> = iter::once(restart)
            .chain(checks)
            .filter_map(Result::err)
            .collect();
        match wrong.is_empty() {
            true => Ok(odd),
            false => Err(wrong.join("; ")),
        }
    }
}

async fn countable(port: u16, counts: bool) -> Result<(), String> {
    match counts {
        true => tcp::connections(port).await.map(drop).map_err(text),
        false => Ok(()),
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

async fn balancer_snapshot(balancer: &mut Balancer, asking: Asking) -> BalancerSnapshot {
    let facts = balancer_facts(balancer, asking).await;
    BalancerSnapshot {
        name: balancer.name.clone(),
        worker: balancer.worker().cloned(),
        facts,
    }
}

async fn balancer_facts(balancer: &mut Balancer, asking: Asking) -> Result<BalancerFacts, Reason> {
    let finds = asking == Asking::Anew || balancer.own().is_empty();
    if finds {
        let found = balancer.find().await.map_err(unseen)?.map(drop);
        found.map_err(|missing| missing_on(balancer, &missing))?;
    }
    let lines = balancer.poll().await.map_err(unseen)?;
    let backends = match asking {
        Asking::OfKnownLines => balancer.recent_capacities().await,
        _ => balancer.capacities().await,
    };
    let backends = backends.map_err(unseen)?;
    let lines = lines
        .iter()
        .map(|(own, stat)| (line_seen(own, stat), stat.backup))
        .collect();
    // Whether the master answers. Polling it often caused failures (see `host::look`).
    if finds {
        balancer.leaving().await.map_err(unseen)?;
    }
    Ok(BalancerFacts { lines, backends })
}

/// A worker this young may be one of several that quick reloads start.
const YOUNG: u64 = 2;

fn unseen(unseen: Unseen) -> Reason {
    match unseen.may_pass() {
        true => Reason::Passing(unseen.to_string()),
        false => Reason::Lasting(unseen.to_string()),
    }
}

fn missing_on(balancer: &Balancer, missing: &Missing) -> Reason {
    match balancer.worker() {
        Some(worker) if worker.uptime < YOUNG => Reason::Passing(missing.to_string()),
        _ => Reason::Lasting(missing.to_string()),
    }
}

impl Snapshot {
    /// The app's gates.
    pub fn gates(&self) -> PerGate<&Gate> {
        self.listeners.as_ref().map(|(gate, _)| gate)
    }

    /// Each gate's position: broken if the rules can't be read.
    pub fn positions(&self) -> PerGate<Position> {
        self.gates().map(|gate| match &self.rules {
            Ok(view) => view.position(gate),
            Err(error) => Position::Broken(error.to_string()),
        })
    }

    /// Gates that are neither open nor closed, with the reason.
    pub fn broken(&self) -> impl Iterator<Item = String> {
        let gates = self.gates().into_iter().zip(self.positions());
        let broken = gates.filter(|(_, position)| matches!(position, Position::Broken(_)));
        broken
            .filter(|_| self.rules.is_ok())
            .map(|(gate, position)| format!("{gate} is {position}"))
    }

    /// What keeps a gate from its job, with the fix: certain foreign rules, listeners, a missing
    /// health program.
    pub fn trouble(&self) -> Vec<String> {
        let view = match &self.rules {
            Ok(view) => view,
            Err(error) => return vec![error.to_string()],
        };
        let unable = [&self.askable, &self.countable].into_iter();
        let mut trouble: Vec<String> = unable.filter_map(|able| able.clone().err()).collect();
        for (gate, listeners) in self.listeners.iter() {
            let port = gate.status_port;
            let foreign = view.foreign(gate).into_iter();
            let certain = foreign.filter(Foreign::is_certain);
            trouble.extend(
                certain.map(|rule| format!("a foreign rule redirects port {port}: {rule}")),
            );
            let listening = listeners.iter();
            trouble.extend(listening.map(|who| {
                format!(
                    "{who} answers on the status port {port}: stop it, or take another status port"
                )
            }));
        }
        trouble
    }

    /// Foreign rules that may redirect a status port, but not for certain.
    pub fn possible_rules(&self) -> Vec<String> {
        let views = self.rules.iter();
        let foreign = views.flat_map(|view| {
            let gates = self.gates().into_iter();
            gates.flat_map(|gate| view.foreign(gate))
        });
        let possible = foreign.filter(|rule| !rule.is_certain());
        possible.map(|rule| rule.rule).collect()
    }

    /// A fingerprint of the foreign rules around the gates.
    pub fn rules_around(&self) -> String {
        let view = self.rules.as_ref();
        view.map_or(String::new(), |view| view.around(self.gates()))
    }

    /// The owner of the gate's status port. None: this process can reserve it, or has it.
    pub fn taken_by(&self, gate: &Gate) -> Option<&Taken> {
        let of_gate = |(port, _): &&(u16, Taken)| *port == gate.status_port;
        self.taken.iter().find(of_gate).map(|(_, who)| who)
    }

    /// Processes that may answer on a status port at any moment, with the fix. No gate is closed
    /// there.
    pub fn threats(&self) -> Vec<String> {
        let taken = self.taken.iter();
        taken.flat_map(|(port, who)| who.threat(*port)).collect()
    }

    /// Status ports that no agent has reserved, with the reason.
    pub fn unreserved(&self) -> impl Iterator<Item = String> {
        let taken = self.taken.iter();
        taken.filter_map(|(port, who)| who.unreserved(*port))
    }

    /// The facts for the preflight's decision.
    pub fn facts(&self) -> Facts {
        let balancer =
            |balancer: &BalancerSnapshot| (balancer.name.clone(), balancer.facts.clone());
        Facts {
            gates: self.trouble(),
            main_closed: self.positions().main == Position::Closed,
            restart: self.restart.as_ref().map(drop).map_err(Clone::clone),
            health: self.health.1.clone(),
            balancers: self.balancers.iter().map(balancer).collect(),
        }
    }
}
