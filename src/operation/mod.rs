//! One operation on one app: lock, begin, journal, drive, report. The command line and the
//! sidecar run the same code.

mod begin;
mod beside;
mod describe;
pub mod driver;
mod earlier;
mod go;
mod held;
mod hold;
mod judge;
mod limits;
mod lock;
mod looks;
mod operate;
mod plan;
mod remember;
mod request;
mod run;

pub use describe::describe;
pub use plan::found;
pub use remember::Unwritten;
pub use request::{MakeProgress, OnHold, Operation, Options};
