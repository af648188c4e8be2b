//! The settings of one app, seen at one of its targets. An app without targets is seen at itself.

use super::page::settings::{PAGE, PageSettings, READONLY, ReadonlySettings};
use crate::app::{Change, Health, Restart, Run};
use crate::gate::{Destination, Gate};
use crate::haproxy::{AppPorts, Role};
use crate::restart::{Limits, PerGate};
use std::net::IpAddr;
use std::time::Duration;

/// One app, seen at one of its targets: ports, restart and gates are those of that target.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSettings {
    /// Its name.
    pub name: String,
    /// The target that it is seen at; None: it has no targets.
    pub target: Option<String>,
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
    /// How to start and stop the target; None: the app has no targets.
    pub run: Option<Run>,
    /// Every target in the order of the file, this one included; empty for an app without targets.
    pub targets: Vec<TargetSettings>,
    /// The page that users meet during maintenance.
    pub page: Option<PageSettings>,
    /// The marker by which HAProxy refuses writes.
    pub readonly: Option<ReadonlySettings>,
    /// How long a switch keeps the old target running.
    pub keep: Duration,
    /// The command that verifies a target before it gets users.
    pub verify: Option<Change>,
    /// The memory in bytes that a second target needs; None: as much as the current one uses.
    pub memory: Option<u64>,
    /// The command that upgrades it before a restart.
    pub upgrade: Option<Change>,
    /// The command that takes a failed upgrade back.
    pub rollback: Option<Change>,
    /// Other apps, and server lines as BACKEND/SERVER, that its restart takes down on purpose.
    pub also_restarts: Vec<String>,
    /// Limits and policies.
    pub limits: Limits,
}

/// What each target of an app has of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSettings {
    /// Its name.
    pub name: String,
    /// Its ports.
    pub ports: AppPorts,
    /// The place that its gates redirect checks to.
    pub gate_to: Destination,
    /// The address on which it listens, if HAProxy's line has another.
    pub address: Option<IpAddr>,
    /// How to restart it in place.
    pub restart: Restart,
    /// How to start and stop it.
    pub run: Run,
}

impl AppSettings {
    /// `web`, or `web/green` at its target green.
    pub fn label(&self) -> String {
        match &self.target {
            Some(target) => format!("{}/{target}", self.name),
            None => self.name.clone(),
        }
    }

    /// Its table in the configuration: `app.web`, or `app.web.target.green` at its target green.
    pub(crate) fn table(&self) -> String {
        match &self.target {
            Some(target) => format!("app.{}.target.{target}", self.name),
            None => format!("app.{}", self.name),
        }
    }

    /// Whether it has targets.
    pub fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }

    /// The names of its targets in the order of the file.
    pub fn target_names(&self) -> Vec<&str> {
        let names = self.targets.iter().map(|target| target.name.as_str());
        names.collect()
    }

    /// The targets that it is not seen at.
    pub fn other_targets(&self) -> impl Iterator<Item = &TargetSettings> {
        let is_other = |other: &&TargetSettings| Some(&other.name) != self.target.as_ref();
        self.targets.iter().filter(is_other)
    }

    /// The same app, seen at this target. None: it has no such target.
    pub fn at(&self, target: &str) -> Option<AppSettings> {
        let found = self.targets.iter().find(|one| one.name == target)?;
        Some(self.seen_at(found))
    }

    /// Each target as a view of its own, in the order of the file. An app without targets has one.
    pub fn instances(&self) -> Vec<AppSettings> {
        match self.has_targets() {
            true => self.targets.iter().map(|one| self.seen_at(one)).collect(),
            false => vec![self.clone()],
        }
    }

    fn seen_at(&self, target: &TargetSettings) -> AppSettings {
        let target = target.clone();
        AppSettings {
            target: Some(target.name),
            ports: target.ports,
            gate_to: target.gate_to,
            address: target.address,
            restart: target.restart,
            run: Some(target.run),
            limits: Limits {
                two_stage: target.ports.backup_status_port.is_some(),
                ..self.limits.clone()
            },
            ..self.clone()
        }
    }

    /// Its gates: the main gate, and in the two-stage layout the twin's. They do not know the ports
    /// of other apps and targets: [`super::Settings::gates`] adds them.
    pub(super) fn gates(&self) -> PerGate<Gate> {
        let twin = self.ports.backup_status_port;
        let gate = |role, status_port| Gate {
            app: self.name.clone(),
            target: self.target.clone(),
            role,
            status_port,
            to: self.gate_to,
            alone: twin.is_none(),
            of_others: Vec::new(),
            other_targets: self.other_names(),
        };
        PerGate {
            main: gate(Role::Main, self.ports.status_port),
            twin: twin.map(|port| gate(Role::Twin, port)),
        }
    }

    /// The names of all of its views but this one.
    fn other_names(&self) -> Vec<String> {
        let targets = self.targets.iter().map(|one| one.name.as_str());
        let page = self.page.as_ref().map(|_| PAGE);
        let marker = self.readonly.map(|_| READONLY);
        let all = targets.chain(page).chain(marker);
        let others = all.filter(|name| Some(*name) != self.target.as_deref());
        others.map(str::to_owned).collect()
    }
}
