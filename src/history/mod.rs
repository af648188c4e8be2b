//! The history of this host: one line of JSON for each operation that has ended. Its files never
//! grow beyond [`MOST`].
//!
//! No decision depends on the history. An operation sets the gates and releases its locks before
//! it writes its line. It waits at most [`PATIENCE`], and a line that can't be written is only a
//! warning. The [`Samples`](crate::report::Samples) need no extra question to HAProxy, and
//! [`crate::report_page`] draws them.

mod beside;
mod entry;
mod files;
mod read;
mod store;

pub use beside::{Line, PATIENCE, write};
pub use entry::{CUT_SHORT, Entry, PhaseEntry};
pub use files::{LARGEST, MOST, OLD, path};
pub use read::{Read, has, one, read};
pub use store::append;
