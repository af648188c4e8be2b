//! What a balancer showed, as data: the same types for everybody. Nothing here asks one.

mod balancer_seen;
mod check_status;
mod leaving;
mod others;
mod role;
mod status;

pub use balancer_seen::{BalancerSeen, LineSeen};
pub use check_status::CheckStatus;
pub use leaving::Leaving;
pub use others::Others;
pub use role::Role;
pub use status::Status;
