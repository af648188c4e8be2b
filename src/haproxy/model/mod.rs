//! What a balancer shows, as data. The whole program uses these types, and nothing here asks a
//! balancer.

mod backend_capacity;
mod both;
mod check_status;
mod error_counts;
mod floor;
mod kept_out;
mod leaving;
mod mode;
mod no_answer;
mod observation;
mod role;
mod server_line;
mod status;
mod worker;

pub use backend_capacity::{BackendCapacity, OutServer};
pub use both::both;
pub use check_status::CheckStatus;
pub use error_counts::{BackendErrors, ErrorCounts};
pub use floor::Floor;
pub use leaving::Leaving;
pub use mode::Mode;
pub use no_answer::NoAnswer;
pub use observation::{Answer, BalancerObservation};
pub use role::Role;
pub use server_line::ServerLine;
pub use status::Status;
pub use worker::Worker;
