//! What HAProxy shows of this host: its stats socket and its master CLI, the two tables that the
//! agent reads, and our lines in them. Level `user` is enough for all of it.

mod answer_end;
mod balancer;
mod beside;
mod capacity;
pub(crate) mod cfg;
mod counting;
mod errors;
mod examination;
mod find;
mod found;
mod info;
mod master;
mod model;
mod recent;
mod servers;
mod siblings;
mod socket;
mod stat;
pub(crate) mod version;

pub use balancer::{Balancer, Names};
pub use examination::{Checked, Examination, Level, Listed, Lost};
pub use find::{AppPorts, Missing, Own, find};
pub use found::Found;
pub use master::Master;
pub use model::{
    Answer, BackendCapacity, BackendErrors, BalancerObservation, CheckStatus, ErrorCounts, Floor,
    Leaving, Mode, NoAnswer, OutServer, Role, ServerLine, Status, Worker, both,
};
pub use servers::ServerState;
pub use siblings::{Neighbours, Ours};
pub use socket::{Address, Socket, Unseen, answers};
pub use stat::ServerStat;
