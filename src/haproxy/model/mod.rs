//! What a balancer shows, as data. The whole program uses these types, and nothing here asks a
//! balancer.

mod backend_capacity;
mod balancer_seen;
mod check_status;
mod leaving;
mod role;
mod status;

pub use backend_capacity::BackendCapacity;
pub use balancer_seen::{BalancerSeen, LineSeen};
pub use check_status::CheckStatus;
pub use leaving::Leaving;
pub use role::Role;
pub use status::Status;
