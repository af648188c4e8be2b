//! What outlives a process: the state directory with its locks, the journal of an operation, an
//! operator's holds, the current targets and the counters; and the caller of an operation.

pub mod caller;
pub mod counters;
pub mod declared;
pub mod directory;
pub mod hold;
pub mod invocation;
pub mod journal;
pub mod lock;
pub(crate) mod lock_file;
pub mod operation_id;
pub mod orphan;
pub mod permissions;
pub mod target;
mod until;

pub use directory::StateFile;
