//! One operation on one app: lock, begin, journal, drive, report. What the command line asks
//! for and what the sidecar does by itself are the same.

mod begin;
mod beside;
mod describe;
pub mod driver;
mod early;
mod held;
mod judge;
mod left;
mod lock;
mod looks;
mod plan;
mod remember;
mod request;
mod run;

pub use describe::describe;
pub use plan::found;
pub use remember::Unwritten;
pub use request::{MakeProgress, OnHold, Operation, Options};
