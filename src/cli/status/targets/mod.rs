//! The targets of an app: the current one, and what the idle ones do. Pure.

use crate::clock::timestamp;
use crate::gate::{Gate, Parking, ParkingPosition, Position};
use crate::host::TargetLook;
use crate::report::GateReport;
use crate::state::target::Intent;
use serde::Serialize;
use std::time::Duration;

/// One target.
#[derive(Debug, Serialize)]
pub(super) struct TargetStatus {
    pub(super) name: String,
    /// Its gates are open at rest.
    pub(super) current: bool,
    pub(super) running: bool,
    pub(super) healthy: bool,
    /// Until when it stays ready. None: it is not, or until an operator finishes the switch.
    pub(super) ready_until_unix_seconds: Option<u64>,
    /// Its traffic port is redirected to the current target, or in maintenance to the page. None: not known.
    pub(super) parked: Option<bool>,
    pub(super) gates: Vec<GateReport>,
    /// What an idle target does, in one line.
    #[serde(skip)]
    pub(super) text: String,
}

/// One look at a target.
pub(super) struct SeenTarget {
    pub(super) look: TargetLook,
    pub(super) gates: Vec<(Gate, Position)>,
    /// How it is parked, if it is to be.
    pub(super) wanted: Parking,
    pub(super) parked: ParkingPosition,
}

/// One look at all targets of an app.
pub(super) struct SeenTargets<'a> {
    pub(super) app: &'a str,
    pub(super) current: &'a str,
    /// Where the ports are parked that have no users: the current target, or in maintenance the page.
    pub(super) parked_on: &'a str,
    pub(super) record: Option<&'a Intent>,
    pub(super) all: Vec<SeenTarget>,
}

impl SeenTargets<'_> {
    /// Each target, in the order of the file.
    pub(super) fn report(&self) -> Vec<TargetStatus> {
        self.all.iter().map(|one| self.one(one)).collect()
    }

    fn one(&self, seen: &SeenTarget) -> TargetStatus {
        let (look, gates) = (&seen.look, seen.gates.iter());
        let ready = self.ready(&look.name);
        TargetStatus {
            name: look.name.clone(),
            current: look.name == self.current,
            running: look.runs,
            healthy: look.health.is_ok(),
            ready_until_unix_seconds: ready.and_then(|record| record.ready_until_unix_s),
            parked: match seen.parked {
                ParkingPosition::Set => Some(true),
                ParkingPosition::NotSet | ParkingPosition::Broken(_) => Some(false),
                ParkingPosition::Unknown(_) => None,
            },
            gates: gates
                .map(|(gate, position)| GateReport::new(gate, position.clone()))
                .collect(),
            text: self.describe(seen),
        }
    }

    /// The record, if it has this target as ready.
    fn ready(&self, name: &str) -> Option<&Intent> {
        let is_ready = |record: &&Intent| record.ready.as_deref() == Some(name);
        self.record.filter(is_ready)
    }

    /// `ready until 2026-11-21T12:00:00Z, parked on blue`
    fn describe(&self, seen: &SeenTarget) -> String {
        let mut text = self.state(&seen.look);
        if let (true, Err(why)) = (seen.look.runs, &seen.look.health) {
            text += &format!(", not healthy: {why}");
        }
        text += &match &seen.parked {
            ParkingPosition::Set => format!(", parked on {}", self.parked_on),
            ParkingPosition::NotSet => ", not parked".to_owned(),
            ParkingPosition::Broken(what) => format!(", parking broken ({what})"),
            ParkingPosition::Unknown(_) => String::new(),
        };
        for (gate, position) in seen.unexpected() {
            text += &format!(", gate {} {position}", gate.status_port);
        }
        text
    }

    fn state(&self, look: &TargetLook) -> String {
        let finish = format!("`agent switch {} --finish`", self.app);
        let ready = self.ready(&look.name);
        let until = ready.map(|record| (record.ready_until_unix_s, record.ready_for()));
        match until {
            _ if !look.runs => "stopped".to_owned(),
            None => "running".to_owned(),
            Some((None, _)) if ready.is_some_and(|record| record.ready_failed) => {
                format!("left running by a failed switch until {finish}")
            }
            Some((None, _)) => format!("left running until {finish}"),
            Some((Some(until), Some(Duration::ZERO))) => format!(
                "ready until {}, which is over: while the gates are open, the sidecar or {finish} stops \
                 it",
                timestamp(until)
            ),
            Some((Some(until), _)) => format!("ready until {}", timestamp(until)),
        }
    }

    /// What is not as it should be while no operation is under way, a line each.
    pub(super) fn trouble(&self, opener: &str) -> Vec<String> {
        let idle = self.all.iter().filter(|one| one.look.name != self.current);
        let open = idle.filter(|one| one.unexpected().next().is_some());
        let open = open.map(|one| {
            let (name, current) = (&one.look.name, self.current);
            format!(
                "gates of {name} are not closed, although {current} is current: users may reach \
                 both; {opener} closes them"
            )
        });
        let parking = self.all.iter().filter_map(|one| self.parking(one, opener));
        open.chain(parking).collect()
    }

    fn parking(&self, seen: &SeenTarget, opener: &str) -> Option<String> {
        let (name, parked_on) = (&seen.look.name, self.parked_on);
        let is_wanted = seen.wanted.to.is_some();
        let what = match &seen.parked {
            ParkingPosition::Unknown(_) => return None,
            ParkingPosition::Set if is_wanted => return None,
            ParkingPosition::NotSet if !is_wanted => return None,
            position => position,
        };
        Some(match is_wanted {
            true => format!(
                "the port of {name} is {what}: right after a reload HAProxy sends users to it, and \
                 they wait; {opener} parks it on {parked_on}"
            ),
            false => format!(
                "the port of {name} is {what}: a rule redirects its users; {opener} removes that rule"
            ),
        })
    }
}

impl SeenTarget {
    /// The gates that are not closed, as far as the rules can be read.
    fn unexpected(&self) -> impl Iterator<Item = &(Gate, Position)> {
        let gates = self.gates.iter();
        gates.filter(|(_, position)| !matches!(position, Position::Closed | Position::Unknown(_)))
    }
}

#[cfg(test)]
mod tests;
