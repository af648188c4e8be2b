//! The pure core of a restart: what was seen -> what to do. No tokio, no clock, no files,
//! no commands; it can't fail and can't block. "Could not see" is a fact like any other.
//!
//! ```text
//! (Claim) -> Close -> Floor -> (Sticky) -> (Shed) -> Drain -> (Upgrade) -> Restart -> Healthy -> Open
//!   ^  \_________\_______\___________\__________\______/         \____________\__________/       \
//!   |             PutBack                                     Rollback -> Restart -> ...     not back
//!   +- BackOff <- where too few others were left             or the gates stay closed
//! ```

mod back;
mod beside;
mod capacity;
mod closed_lines;
mod connections;
mod decide;
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
mod preflight;
mod reason;
mod recovery;
mod room;
mod step;
mod timeline;
mod version;

pub use crate::haproxy::{BalancerSeen, LineSeen};
pub use beside::{Beside, taken_down};
pub(crate) use capacity::lacks_claim;
pub use closed_lines::{ClosedLines, News};
pub use connections::{ByPeer, Connections, Count, Counted, peers_in_words};
pub use decide::decide;
pub use observation::{ActionResult, Observation};
pub use outcome::Outcome;
pub use peers::{Peers, Source, none_leaves};
pub use per_gate::PerGate;
pub use phase::{Action, Ask, Phase, Why};
pub use ports::{Host, Meanwhile, OnMeanwhile, Progress};
pub use preflight::{BalancerFacts, Facts, claimed, floor_unseen, preflight, serving};
pub use reason::{Reason, Refusal};
pub use recovery::{GatesFound, NoStart, Start, UnfinishedOperation, start, stays_closed, turns};
pub use step::Step;
pub use timeline::{PhaseTime, Timeline, seconds};
pub use version::Version;

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Out of rotation, restart, back in.
    Restart,
    /// Out of rotation, and stay so.
    Close,
    /// Back in, if the app is healthy.
    Open,
    /// To a good end with what an earlier operation, or somebody else, left behind.
    Recover,
    /// The host goes down, or its sidecar is stopped: out, and stay so, also where HAProxy or
    /// a request did not let itself be waited for. Gates are put back only where it looks at
    /// the floor ([`Limits::checks_capacity`]), and too few others are left.
    Stop,
}

/// What to do when the drain's time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDrainTimeout {
    /// Put the gates back; the app is not touched.
    #[default]
    Abort,
    /// Go on: what is in flight rests on the app's graceful stop.
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
    /// From opening until every balancer shows UP; zero: that is not waited for.
    pub in_rotation: Duration,
    /// When the drain's time is up.
    pub on_drain_timeout: OnDrainTimeout,
    /// Healthy answers in a row that are asked for.
    pub healthy_times: u32,
    /// There is a gate for the twin, too.
    pub two_stage: bool,
    /// All gates stood open when the operation began: putting back means opening them.
    pub found_open: bool,
    /// The gates are held closed, and stay so once the app is healthy.
    pub stays_closed: bool,
    /// Other usable servers that must be left in each backend; 0: they are not counted.
    pub min_available: usize,
    /// The backends (BALANCER backend NAME) that this host served at the preflight. Later looks
    /// may add some.
    pub serving: Vec<String>,
    /// Other servers that had claimed to go next before this operation began.
    pub claimed_before: Vec<String>,
    /// How long to try, where two hosts have closed at the same moment.
    pub turn: Duration,
    /// When to try again, since the operation began, in order.
    pub turns: Vec<Duration>,
    /// The app is upgraded before its restart.
    pub upgrades: bool,
    /// There is a way back from an upgrade.
    pub rolls_back: bool,
}

impl Limits {
    /// Others are counted on the way out. Also where this host serves nobody when the operation
    /// begins: its lines may rise at any moment until the gates are closed.
    pub fn checks_capacity(&self) -> bool {
        self.min_available > 0
    }

    /// Both gates at once: where no sticky user is kept, and no others are counted. If all hosts
    /// went out at the same moment, their twins are what still serves.
    pub fn closes_both(&self) -> bool {
        self.sticky.is_zero() && !self.checks_capacity()
    }

    /// The first phase that touches the app.
    pub fn touch(&self) -> Phase {
        match self.upgrades {
            true => Phase::Upgrade,
            false => Phase::Restart,
        }
    }

    /// The twin's gate first, where nobody needs the twin: its line alone DOWN tells every
    /// other agent that this host is about to go, while its main line still serves.
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
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Restart => "restart",
            Verb::Close => "close",
            Verb::Open => "open",
            Verb::Recover => "recover",
            Verb::Stop => "stop",
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
