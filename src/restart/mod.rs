//! The pure core of a restart: what was seen -> what to do. No tokio, no clock, no files,
//! no commands; it can't fail and can't block. "Could not see" is a fact like any other.
//!
//! ```text
//! (Lock) -> (Claim) -> Close -> Floor -> (Sticky) -> (Shed) -> Drain -> (Upgrade) -> Restart -> Healthy -> Open
//!   ^  \_________\_______\___________\__________\______/         \____________\__________/       \
//!   |             PutBack                                     Rollback -> Restart -> ...     not back
//!   +- BackOff <- where too few others were left             or the gates stay closed
//!
//! Open -> (Settle) -> end, or Sick -> the way out again -> Rollback -> Restart -> ...
//! ```
//!
//! A [`switch`] has phases of its own.

mod action;
mod against;
mod back;
mod begin;
mod beside;
mod capacity;
mod closed_lines;
mod connections;
mod decide;
mod drain;
mod group_lock;
mod held;
mod in_flight;
mod message;
mod observation;
mod out;
mod outcome;
mod pace;
mod peers;
mod per_gate;
mod phase;
mod ports;
mod predicates;
mod preflight;
mod reason;
mod recovery;
mod resume;
mod room;
pub mod settle;
mod step;
pub mod switch;
mod timeline;
mod version;
mod word;

pub use action::{Action, Ask};
pub use against::unseen_balancers;
pub use begin::{GatesFound, NoStart, Start, UnfinishedOperation};
pub use beside::{Beside, TakesDown, taken_down};
pub use capacity::lacks_claim;
pub use closed_lines::{ClosedLines, News};
pub use connections::{ByPeer, Connections, Count, Counted, peers_in_words};
pub use decide::{decide, put_off};
pub use group_lock::{
    GroupLock, TakesLock, WITHOUT, WhenAway, finds_lock_left, patience, takes_lock,
};
pub use held::held_out;
pub use observation::{ActionResult, Observation};
pub use outcome::Outcome;
pub use peers::{Peers, Source, none_leaves};
pub use per_gate::PerGate;
pub use phase::{Phase, Why};
pub use ports::{Host, Meanwhile, OnMeanwhile, Progress};
pub use preflight::{
    Facts, claimed, floor_unseen, gone, no_turn_comes, preflight, serving, without_gone,
};
pub use reason::{Reason, Refusal};
pub use recovery::{start, stays_closed, turns};
pub use room::{in_rotation, is_out, is_serving, spare};
pub use step::Step;
pub use timeline::{PhaseTime, Timeline, seconds};
pub use version::Version;

use crate::haproxy::Floor;
use serde::{Deserialize, Serialize};
use settle::Settle;
use std::time::Duration;
use switch::Switching;

/// The operation that the caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Takes the host out of rotation, restarts the app, and puts the host back.
    Restart,
    /// Takes the host out of rotation and keeps it out.
    Close,
    /// Puts the host back in rotation once the app is healthy.
    Open,
    /// Finishes or undoes what a crash, a rule flush or a power loss interrupted.
    Recover,
    /// The host goes down, or its sidecar stops. The gates close and stay closed, even if HAProxy
    /// or a request takes too long. Only the floor ([`Limits::checks_capacity`]) can put the
    /// gates back.
    Stop,
    /// Brings the users from one target of the app to another.
    Switch,
    /// Brings the users from the app to its page.
    MaintenanceOn,
    /// Brings them back from the page to the app.
    MaintenanceOff,
}

/// The policy for a drain that runs out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDrainTimeout {
    /// Puts the gates back and leaves the app alone.
    #[default]
    Abort,
    /// Goes on. Requests in flight then depend on the app's graceful stop.
    Proceed,
}

/// The limits and policies of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long users with a session cookie are kept on the twin.
    pub sticky: Duration,
    /// From closing (or shedding) until every balancer shows DOWN.
    pub out_of_rotation: Duration,
    /// Until nothing is in flight.
    pub drain: Duration,
    /// For the app's restart itself.
    pub restart: Duration,
    /// For the app's upgrade, and for its rollback.
    pub upgrade: Duration,
    /// From its restart until the app is healthy.
    pub healthy: Duration,
    /// From opening until every balancer shows UP; zero: the operation does not wait for it.
    pub in_rotation: Duration,
    /// The policy for a drain that runs out of time.
    pub on_drain_timeout: OnDrainTimeout,
    /// Healthy answers in a row that the app must give.
    pub healthy_times: u32,
    /// The twin has a gate, too.
    pub two_stage: bool,
    /// All gates were open when the operation began. Putting back means opening them.
    pub all_found_open: bool,
    /// A hold keeps the gates closed, also once the app is healthy.
    pub stays_closed: bool,
    /// Other usable servers that must be left in each backend; 0: nothing is counted.
    pub min_available: Floor,
    /// The backends (BALANCER backend NAME) that this host served at the preflight. Later looks
    /// may add some.
    pub serving: Vec<String>,
    /// Other servers that had claimed to go next before this operation began.
    pub claimed_before: Vec<String>,
    /// How long to try again while two hosts close at the same moment.
    pub turn: Duration,
    /// The times of the next tries since the operation began, in order.
    pub turns: Vec<Duration>,
    /// The app is upgraded before its restart.
    pub upgrades: bool,
    /// The app has a rollback command.
    pub rolls_back: bool,
    /// How the app is watched once it has its users again; None: the operation ends with UP.
    pub settle: Option<Settle>,
    /// How the operation takes the group's lock first. None: it takes none.
    pub lock: Option<TakesLock>,
    /// What a switch does.
    pub switch: Switching,
}

impl Limits {
    /// The operation counts the other servers on the way out. It does so also for a host that
    /// serves no users yet: its lines may rise until the gates are closed.
    pub fn checks_capacity(&self) -> bool {
        self.min_available != Floor::Servers(0)
    }

    /// Both gates close at once if no user is sticky and no capacity is checked. With a capacity
    /// check, all hosts might go out at the same moment, and then their twins still serve.
    pub fn closes_both(&self) -> bool {
        self.sticky.is_zero() && !self.checks_capacity()
    }

    /// With the one slot of the group's lock the twin need not announce this host first.
    pub fn closes_both_by_lock(&self) -> bool {
        self.claims() && self.lock.is_some_and(|lock| lock.alone)
    }

    /// How long the new version is watched.
    pub fn settles_for(&self) -> Duration {
        self.settle.map_or(Duration::ZERO, |settle| settle.lasts)
    }

    /// The first phase that touches the app.
    pub fn touch(&self) -> Phase {
        match self.upgrades {
            true => Phase::Upgrade,
            false => Phase::Restart,
        }
    }

    /// The twin's gate closes first if no user needs the twin. The twin's line alone DOWN shows
    /// every other agent that this host is about to go, while the main line still serves.
    pub fn claims(&self) -> bool {
        self.two_stage && self.sticky.is_zero() && self.checks_capacity()
    }

    /// The first phase on the way out of rotation.
    pub fn first(&self) -> Phase {
        match self.claims() {
            true => Phase::Claim,
            false => Phase::Close,
        }
    }
}

impl Verb {
    /// It brings the users to the page, or back.
    pub fn is_of_maintenance(self) -> bool {
        matches!(self, Verb::MaintenanceOn | Verb::MaintenanceOff)
    }

    /// It moves users between two instances, with the phases of a switch.
    pub fn switches(self) -> bool {
        self == Verb::Switch || self.is_of_maintenance()
    }

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Restart => "restart",
            Verb::Close => "close",
            Verb::Open => "open",
            Verb::Recover => "recover",
            Verb::Stop => "stop",
            Verb::Switch => "switch",
            Verb::MaintenanceOn => "maintenance on",
            Verb::MaintenanceOff => "maintenance off",
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
