//! Parking: connections to the traffic port of an idle target go to the current target.
//!
//! From a reload until its first check HAProxy counts each line as UP, and sends users to targets
//! that do not run. [`PARK_CHAIN`] leads them to the current target. A lost rule costs only that
//! protection. A wrong one leads users to the wrong target, so the agent deletes before it adds.

mod apply;
mod others;
mod owned;
mod plan;
mod seen;

pub use plan::plan_parking;

use super::ours::{PARK_CHAIN, park_comment};
use super::rule::{Destination, Rule, Subject, Target};
use serde::{Deserialize, Serialize};
use std::fmt;

/// All targets of one app, each parked or not. What the list does not name is unparked: a target that
/// the configuration no longer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parkings {
    /// The app's name.
    pub app: String,
    /// Every target of the app, the current one among them.
    pub targets: Vec<Parking>,
    /// The other apps of the configuration. Their rules stay, and those of no app are deleted.
    pub other_apps: Vec<String>,
}

/// The traffic port of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// The target's name.
    pub target: String,
    /// The port that HAProxy sends the target's users to.
    pub port: u16,
    /// The current target's place: a port of the address that HAProxy calls, or another address. None:
    /// not parked.
    pub to: Option<Destination>,
}

/// Whether the port of a target is parked in the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkingPosition {
    /// The rule is in force.
    Set,
    /// There is no rule of ours.
    NotSet,
    /// Neither, with the reason.
    Broken(String),
    /// The rules can't be read, with the reason.
    Unknown(String),
}

impl Parkings {
    /// The rules of the parked ports.
    pub(super) fn rules(&self) -> impl Iterator<Item = Rule> {
        let targets = self.targets.iter();
        targets.filter_map(|one| one.rule(&self.app))
    }

    /// Whether a target is to be parked.
    pub fn park_any(&self) -> bool {
        self.targets.iter().any(|one| one.to.is_some())
    }

    /// The same on this place.
    pub fn on(mut self, place: Destination) -> Parkings {
        let parked = self.targets.iter_mut().filter(|one| one.to.is_some());
        parked.for_each(|one| one.to = Some(place));
        self
    }

    /// The same with this target not parked: it is about to start.
    pub fn without(&self, target: &str) -> Parkings {
        let mut all = self.clone();
        let targets = all.targets.iter_mut();
        let own = targets.filter(|one| one.target == target);
        own.for_each(|one| one.to = None);
        all
    }
}

impl Parking {
    /// The comment that marks its rule.
    pub(super) fn comment(&self, app: &str) -> String {
        park_comment(app, &self.target)
    }

    /// Its rule. It asks for the packet that opens a connection: connections of a time before any rule
    /// kept them tracked look new to the kernel, and would be led away in the middle.
    pub(super) fn rule(&self, app: &str) -> Option<Rule> {
        let opens = [
            Subject::Protocol(vec!["tcp".to_owned()]),
            Subject::Port(self.port.into()),
            Subject::OpensConnection,
        ];
        let comment = Some(self.comment(app));
        let target = translation(self.to?);
        Some(Rule::new(PARK_CHAIN, opens, comment, target))
    }
}

/// To a port it keeps the address. `REDIRECT` would lead to the primary address of the interface,
/// where an app that listens on one other address does not answer.
fn translation(to: Destination) -> Target {
    match to {
        Destination::Port(port) => Target::Translate(format!("DNAT --to-destination :{port}")),
        address @ Destination::Address(_) => Target::Redirect(address),
    }
}

impl fmt::Display for ParkingPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParkingPosition::Set => f.write_str("parked"),
            ParkingPosition::NotSet => f.write_str("not parked"),
            ParkingPosition::Broken(what) => write!(f, "broken ({what})"),
            ParkingPosition::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
