//! What was done on this host, by whom and why: one line of JSON for each operation that has
//! ended, in files that never grow beyond [`MOST`].
//!
//! Nothing rests on it. No operation waits for the history before the gates stand and its locks
//! are free, nor then for long ([`PATIENCE`]), or fails because of it: what can't be written is
//! a warning. What was watched on the way ([`Samples`](crate::report::Samples)) costs HAProxy no
//! question, and [`crate::report_page`] draws it.

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
