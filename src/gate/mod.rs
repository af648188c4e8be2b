//! The gate: the redirect from a status port to the app's own port, or to another place (`gate_to`).
//!
//! All gates of the host live in one chain of ours, [`CHAIN`]. PREROUTING (checks from elsewhere)
//! and OUTPUT (checks from this host) jump to it for local destinations. So one rule is one gate,
//! and adding or deleting that rule flips both hooks in one step.
//!
//! A second chain, [`PARK_CHAIN`], has the traffic ports of idle targets ([`Parking`]).

mod changes;
mod firewall;
mod foreign;
mod iptables;
mod listener;
mod listing;
mod nft;
mod ours;
mod owned;
mod parking;
mod plan;
mod removal;
mod reservation;
mod rule;
mod rule_cache;
mod taken;
mod tracked;
mod view;

pub use changes::{Mark, RuleWatch};
pub use firewall::Firewall;
pub use foreign::{Checked, Foreign, foreign};
pub use iptables::{Family, GateError, Iptables, Variant};
pub use listener::{bound, holders, holds, listeners, names_of};
pub use listing::Listing;
pub use nft::{Native, NativeTable, SHOW_NFT, native_rules};
use ours::comment;
pub use ours::{CHAIN, HOOKS, PARK_CHAIN, jump, keeper, park_jump};
pub use parking::{Parking, ParkingPosition, Parkings, plan_parking};
pub use plan::{plan, plan_all, position, removal};
pub use removal::Removal;
pub use reservation::Reservation;
pub use rule::{Change, Condition, Destination, Hook, Listed, Ports, Rule, Subject, Target};
pub use rule_cache::RuleCache;
pub use taken::{Taken, shown, shows_bound, taken};
pub use tracked::{Flow, flows};
pub use view::View;

use crate::haproxy::Role;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One gate as the configuration wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The app's name: letters, digits, `_`, `.`, `-` only (the `iptables` crate splits on quotes).
    pub app: String,
    /// The name of the app's target, of the same characters; None: the app has no targets.
    pub target: Option<String>,
    /// The line that it answers.
    pub role: Role,
    /// The port HAProxy checks.
    pub status_port: u16,
    /// The place that an open gate redirects the check to: mostly the port that the app listens on.
    pub to: Destination,
    /// The app has no twin's gate. Such a gate's rule is one of an earlier configuration.
    pub alone: bool,
    /// The status ports of other apps, and of the app's other targets. A rule there is theirs, even
    /// if it has this gate's name.
    pub of_others: Vec<u16>,
    /// The names of the app's other targets. A rule of the app with another name is one of an
    /// earlier configuration.
    pub other_targets: Vec<String>,
}

/// A gate's position in the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// The redirect is in force at both hooks.
    Open,
    /// There is no redirect of ours.
    Closed,
    /// Neither, with the reason.
    Broken(String),
    /// The rules can't be read, with the reason.
    Unknown(String),
}

#[cfg(test)]
impl Gate {
    /// The gates of most tests: ports 2000 and 3000, redirected to 1000.
    pub(crate) fn of_web(role: Role) -> Gate {
        Gate {
            app: "web".into(),
            target: None,
            role,
            status_port: if role == Role::Main { 2000 } else { 3000 },
            to: Destination::Port(1000),
            alone: false,
            of_others: Vec::new(),
            other_targets: Vec::new(),
        }
    }
}

impl Gate {
    /// The comment that marks this gate's rule.
    pub fn comment(&self) -> String {
        comment(&self.app, self.target.as_deref(), self.role)
    }

    /// The rule. A translation stays in its family: with an address it has no place in the other one.
    pub fn rule(&self) -> Rule {
        let check = [
            Subject::Protocol(vec!["tcp".to_owned()]),
            Subject::Port(self.status_port.into()),
        ];
        let target = Target::Redirect(self.to);
        Rule::new(CHAIN, check, Some(self.comment()), target)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} gate {} -> {}",
            self.role.word(),
            self.status_port,
            self.to
        )
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Open => f.write_str("open"),
            Position::Closed => f.write_str("closed"),
            Position::Broken(what) => write!(f, "broken ({what})"),
            Position::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}
