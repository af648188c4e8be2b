//! The journal of an operation on an app. The agent writes each phase to it before it acts on it.

mod entry;
mod file;

pub use entry::{CutShort, Entry, Targets, found_open};
pub use file::Journal;

#[cfg(test)]
mod tests;
