//! Settings that hold together: what the rest of the program is given.

use crate::app::{Change, Health, Restart};
use crate::gate::{Gate, Variant};
use crate::haproxy::Role;
use crate::haproxy::{Address, AppPorts, Names};
use crate::metrics::MetricsAddress;
use crate::restart::{Limits, PerGate, Source};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The apps of this host, by name.
    pub apps: Vec<AppSettings>,
    /// The balancers before it.
    pub balancers: Vec<BalancerSettings>,
    /// The agent's own.
    pub agent: AgentSettings,
}

/// One app.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// Its name.
    pub name: String,
    /// Its ports.
    pub ports: AppPorts,
    /// Where it listens, if not where HAProxy's line says.
    pub address: Option<IpAddr>,
    /// How to tell that it is healthy.
    pub health: Health,
    /// How to restart it.
    pub restart: Restart,
    /// What upgrades it before a restart.
    pub upgrade: Option<Change>,
    /// What takes an upgrade back that does not come up.
    pub rollback: Option<Change>,
    /// Other apps, and server lines as BACKEND/SERVER, that its restart takes down, too, and
    /// that is meant.
    pub also_restarts: Vec<String>,
    /// Limits and policies.
    pub limits: Limits,
}

/// One balancer.
#[derive(Debug, Clone)]
pub struct BalancerSettings {
    /// Its stats socket.
    pub address: Address,
    /// Its master CLI, where leaving workers are asked.
    pub master: Option<Address>,
    /// Where its connections to the app come from; None: where its stats socket is, mostly.
    pub source: Option<Source>,
    /// The limit for one question.
    pub timeout: Duration,
    /// The one app it serves; None: all of them.
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
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Lock, journal, the restart command under way, counters.
    pub state_dir: PathBuf,
    /// Which gates are held closed: that outlives a reboot.
    pub hold_dir: PathBuf,
    /// What was done, by whom and why.
    pub history_dir: PathBuf,
    /// Addresses of this host beside those of its interfaces.
    pub addresses: Vec<IpAddr>,
    /// Between two looks at HAProxy.
    pub poll: Duration,
    /// IPv6 rules, where the kernel has IPv6.
    pub ipv6: bool,
    /// None: what the `iptables` command is.
    pub iptables: Option<Variant>,
    /// Where `agent run` serves metrics; None: nowhere.
    pub metrics: Option<MetricsAddress>,
    /// What a stop of the sidecar does with the gates.
    pub on_stop: OnStop,
}

/// What the sidecar does with the gates when it is stopped and the machine stays up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStop {
    /// They stay as they are.
    #[default]
    Keep,
    /// The host is taken out of rotation and drained, where enough others are left.
    Drain,
}

impl AppSettings {
    /// Its gates: the main one, and in the two-stage layout the twin's.
    pub fn gates(&self) -> PerGate<Gate> {
        let gate = |role, status_port| Gate {
            app: self.name.clone(),
            role,
            status_port,
            port: self.ports.port,
        };
        let twin = self.ports.backup_status_port;
        PerGate {
            main: gate(Role::Main, self.ports.status_port),
            twin: twin.map(|port| gate(Role::Twin, port)),
        }
    }
}
