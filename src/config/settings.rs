//! Consistent settings for the rest of the program.

use super::app_settings::AppSettings;
use crate::gate::{Gate, Variant};
use crate::haproxy::{Address, Names};
use crate::lock::LockSettings;
use crate::metrics::MetricsAddress;
use crate::restart::{PerGate, Source};
use crate::window::Windows;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where they come from.
    pub from: LoadedFrom,
    /// The apps of this host, by name. An app with targets is seen at its first one.
    pub apps: Vec<AppSettings>,
    /// The balancers in front of it.
    pub balancers: Vec<BalancerSettings>,
    /// The agent's own.
    pub agent: AgentSettings,
    /// The lock that its group shares.
    pub lock: Option<LockSettings>,
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
    /// Every target of every app, each as a view of its own.
    pub fn instances(&self) -> impl Iterator<Item = AppSettings> {
        self.apps.iter().flat_map(AppSettings::instances)
    }

    /// Everything with a gate of its own: the targets, the pages and the markers of all apps.
    pub fn views(&self) -> impl Iterator<Item = AppSettings> {
        let besides = self.apps.iter().flat_map(AppSettings::besides);
        self.instances().chain(besides)
    }

    /// The gates of the app's target, which leave alone what other targets and other apps have.
    pub fn gates(&self, app: &AppSettings) -> PerGate<Gate> {
        let of_others: Vec<u16> = self
            .views()
            .filter(|one| (&one.name, &one.target) != (&app.name, &app.target))
            .flat_map(|one| one.gates())
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
    /// When operations that take users away from this host may begin.
    pub windows: Windows,
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
