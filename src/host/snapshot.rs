//! What one read-only look at everything about one app has shown. The preflight judges it,
//! `--dry-run` prints it and `status` shows it.

use super::unable::Unable;
use crate::config::PAGE;
use crate::gate::{Foreign, Gate, GateError, ParkingPosition, Parkings, Position, Taken, View};
use crate::haproxy::BalancerObservation;
use crate::restart::{Facts, PerGate};
use nix::unistd::geteuid;
use std::net::SocketAddr;

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
    pub balancers: Vec<BalancerObservation>,
    /// The address of the app's probe, and the app's answer.
    pub health: (SocketAddr, Result<(), String>),
    /// Why the app's restart or upgrade could not work. Ok: what is only odd.
    pub restart: Result<Vec<String>, Unable>,
    /// Why the app's health could not be probed.
    pub askable: Result<(), String>,
    /// Why the connections to it can't be seen.
    pub countable: Result<(), String>,
}

impl Snapshot {
    /// The app's gates.
    pub fn gates(&self) -> PerGate<&Gate> {
        self.listeners.as_ref().map(|(gate, _)| gate)
    }

    /// Each gate's position: unknown if the rules can't be read.
    pub fn positions(&self) -> PerGate<Position> {
        self.gates().map(|gate| self.position(gate))
    }

    /// The position of any gate on this host.
    pub fn position(&self, gate: &Gate) -> Position {
        match &self.rules {
            Ok(view) => view.position(gate),
            Err(error) => Position::Unknown(unreadable(error)),
        }
    }

    /// Whether and where the targets are parked, in their order.
    pub fn parked(&self, wanted: &Parkings) -> Vec<ParkingPosition> {
        match &self.rules {
            Ok(view) => view.parked(wanted),
            Err(error) => {
                let unknown = |_| ParkingPosition::Unknown(unreadable(error));
                wanted.targets.iter().map(unknown).collect()
            }
        }
    }

    /// Gates that are neither open nor closed, with the reason.
    pub fn broken(&self) -> impl Iterator<Item = String> {
        let gates = self.gates().into_iter().zip(self.positions());
        let broken = gates.filter(|(_, position)| matches!(position, Position::Broken(_)));
        let broken = broken.filter(|(gate, _)| self.still_checked(gate).is_none());
        broken.map(|(gate, position)| format!("{gate} is {position}"))
    }

    /// Moving the gates would remove a rule by which HAProxy may have this host in rotation.
    pub fn has_earlier(&self) -> bool {
        let view = self.rules.as_ref();
        view.is_ok_and(|view| self.gates().iter().any(|gate| view.has_earlier(gate)))
    }

    /// The port that HAProxy checks in place of the gate's, while a rule of an earlier configuration
    /// redirects it: the host is in rotation by that rule.
    fn still_checked(&self, gate: &Gate) -> Option<u16> {
        let view = self.rules.as_ref().ok()?;
        let unanswered = self
            .balancers
            .iter()
            .filter_map(|one| one.answer.as_ref().err());
        let mut checked = unanswered.filter_map(|why| why.checks);
        checked.find(|port| view.redirected_earlier(gate, *port))
    }

    /// What keeps a gate from its job, with the fix: earlier rules, certain foreign rules, listeners, a missing
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
            if let Some(checked) = self.still_checked(gate) {
                trouble.push(format!(
                    "HAProxy checks port {checked}, and the rule of an earlier configuration that redirects it \
                     would go: it would take this host out of rotation. Set status_port to {checked}, or \
                     let HAProxy's server line check port {port} first"
                ));
            }
            if view.lacks_family(gate) {
                trouble.push(format!(
                    "gate_to is {}, and this host has no IPv6: no check gets there",
                    gate.to
                ));
            }
            let foreign = view.foreign(gate).into_iter();
            let certain = foreign.filter(Foreign::is_certain);
            trouble.extend(
                certain.map(|rule| format!("a foreign rule redirects port {port}: {rule}")),
            );
            let listening = listeners.iter();
            trouble.extend(listening.map(|who| {
                format!(
                    "{who} answers on the status port {port}: stop it, or choose another status \
                     port"
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
        Facts {
            app: self.gates().main.app.clone(),
            is_page: self.gates().main.target.as_deref() == Some(PAGE),
            trouble: self.trouble(),
            main_closed: self.positions().main == Position::Closed,
            restart: self.restart.as_ref().map(drop).map_err(Unable::line),
            health: self.health.1.clone(),
            balancers: self.balancers.clone(),
        }
    }
}

/// Why the rules are unknown.
fn unreadable(error: &GateError) -> String {
    match geteuid().is_root() {
        true => error.to_string(),
        false => "needs root".to_owned(),
    }
}
