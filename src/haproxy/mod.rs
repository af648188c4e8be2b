//! What HAProxy shows of this host: its stats socket and its master CLI, the two tables we
//! read, and which of their lines are ours. Level `user` is enough for all of it.

mod balancer;
mod beside;
pub(crate) mod cfg;
mod check_status;
mod counting;
mod examination;
mod find;
mod info;
pub mod layout;
mod master;
mod others;
mod servers;
mod socket;
mod stat;
mod status;

pub use balancer::{Balancer, Names};
pub use check_status::CheckStatus;
pub use examination::{Checked, Examination, Level, Listed, Lost};
pub use find::{AppPorts, Found, Missing, Own, find};
pub use info::Info;
pub use master::{Leaving, Master};
pub use others::Others;
pub use servers::ServerState;
pub use socket::{Address, Socket, Unseen, answers};
pub use stat::ServerStat;
pub use status::Status;

/// Our part of a server line, by the port that it checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Checks the status port; the gate takes it out of rotation.
    Main,
    /// The backup line of the two-stage layout: checks the backup status port, so it can
    /// be shed.
    Twin,
    /// The backup line of the classic layout: checks the app itself, and stays UP until
    /// the app stops.
    ClassicTwin,
}

impl Role {
    /// As people are told.
    pub fn word(self) -> &'static str {
        match self {
            Role::Main => "main",
            Role::Twin => "twin",
            Role::ClassicTwin => "classic twin",
        }
    }
}
