//! Consistent settings for the rest of the program.

use crate::app::{Change, Health, Restart};
use crate::gate::{Destination, Gate, Variant};
use crate::haproxy::Role;
use crate::haproxy::{Address, AppPorts, Names};
use crate::metrics::MetricsAddress;
use crate::restart::{Limits, PerGate, Source};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where they come from.
    pub from: LoadedFrom,
    /// The apps of this host, by name.
    pub apps: Vec<AppSettings>,
    /// The balancers in front of it.
    pub balancers: Vec<BalancerSettings>,
    /// The agent's own.
    pub agent: AgentSettings,
}

/// The file of a configuration, as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedFrom {
    /// Its path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Settings {
    /// The app's gates, which leave alone what other apps have.
    pub fn gates(&self, app: &AppSettings) -> PerGate<Gate> {
        let others = self.apps.iter().filter(|other| other.name != app.name);
        let of_others: Vec<u16> = others
            .flat_map(AppSettings::gates)
            .map(|gate| gate.status_port)
            .collect();
        app.gates().map(|gate| Gate {
            of_others: of_others.clone(),
            ..gate
        })
    }

    /// The same without these balancers, by the names of their sockets, and the names that are left
    /// out. An app whose every balancer is named keeps them: the names may be older than the
    /// configuration.
    pub fn without(&self, names: &[String], app: &str) -> (Settings, Vec<String>) {
        let mut settings = self.clone();
        let mut left_out = Vec::new();
        settings.balancers.retain(|balancer| {
            let name = balancer.address.to_string();
            let stays = !names.contains(&name);
            if !stays && !left_out.contains(&name) {
                left_out.push(name);
            }
            stays
        });
        match settings.balancers.iter().any(|one| one.serves(app)) {
            true => (settings, left_out),
            false => (self.clone(), Vec::new()),
        }
    }
}

/// One app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSettings {
    /// Its name.
    pub name: String,
    /// Its ports.
    pub ports: AppPorts,
    /// The place that its gates redirect checks to and that its health is asked at: its port, if the
    /// configuration names no other.
    pub gate_to: Destination,
    /// The address on which it listens, if HAProxy's line has another.
    pub address: Option<IpAddr>,
    /// How to check that it is healthy.
    pub health: Health,
    /// How to restart it.
    pub restart: Restart,
    /// The command that upgrades it before a restart.
    pub upgrade: Option<Change>,
    /// The command that takes a failed upgrade back.
    pub rollback: Option<Change>,
    /// Other apps, and server lines as BACKEND/SERVER, that its restart takes down on purpose.
    pub also_restarts: Vec<String>,
    /// Limits and policies.
    pub limits: Limits,
}

/// One balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct BalancerSettings {
    /// Its stats socket.
    pub address: Address,
    /// Its master CLI, which shows its leaving workers.
    pub master: Option<Address>,
    /// The origin of its connections to the app; None: mostly the address of its stats socket.
    pub source: Option<Source>,
    /// The limit for one question.
    pub timeout: Duration,
    /// The only app that it serves; None: all of them.
    pub app: Option<String>,
    /// That app's lines by name.
    pub names: Option<Names>,
}

impl BalancerSettings {
    /// Whether it serves the app of that name.
    pub fn serves(&self, app: &str) -> bool {
        self.app.as_ref().is_none_or(|only| only == app)
    }
}

/// The agent's own settings.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSettings {
    /// The directory of lock, journal, running restart commands and counters.
    pub state_dir: PathBuf,
    /// The directory of the holds, which survive a reboot.
    pub hold_dir: PathBuf,
    /// The directory of the history: what was done, by which caller and why.
    pub history_dir: PathBuf,
    /// Addresses of this host that its interfaces do not have.
    pub addresses: Vec<IpAddr>,
    /// The time between two looks at HAProxy.
    pub poll: Duration,
    /// Whether to set IPv6 rules, if the kernel has IPv6.
    pub ipv6: bool,
    /// None: the variant of the `iptables` command.
    pub iptables: Option<Variant>,
    /// The address at which `agent run` serves metrics; None: it serves none.
    pub metrics: Option<MetricsAddress>,
    /// What a stop of the sidecar does with the gates.
    pub on_stop: OnStop,
}

/// What the sidecar does with the gates when it stops and the machine stays up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStop {
    /// The gates stay as they are.
    #[default]
    Keep,
    /// The host goes out of rotation and drains, if enough other servers are left.
    Drain,
}

impl AppSettings {
    /// Its gates: the main gate, and in the two-stage layout the twin's. They do not know the ports
    /// of other apps: [`Settings::gates`] adds them.
    pub(super) fn gates(&self) -> PerGate<Gate> {
        let twin = self.ports.backup_status_port;
        let gate = |role, status_port| Gate {
            app: self.name.clone(),
            role,
            status_port,
            to: self.gate_to,
            alone: twin.is_none(),
            of_others: Vec::new(),
        };
        PerGate {
            main: gate(Role::Main, self.ports.status_port),
            twin: twin.map(|port| gate(Role::Twin, port)),
        }
    }
}
