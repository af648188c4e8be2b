//! Windows: the times in which an operation that takes users away from this host may begin. Nothing
//! here reads a clock: the caller has it, and the time zone of the host. A time zone with a name comes
//! from the host's tzdata, as the text is read.

mod at;
mod model;
mod read;
#[cfg(test)]
mod tests;

pub use at::Now;
pub use model::{Window, Windows};
pub use read::read;
