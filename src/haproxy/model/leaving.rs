//! What a leaving worker still carries after a reload.

use super::Mode;

/// A line of ours on a leaving worker that still carries something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The worker's process id, on the balancer's host.
    pub pid: u64,
    /// BACKEND/SERVER, by that worker's names.
    pub line: String,
    /// Requests or connections on it (`scur`) and queued for it (`qcur`).
    pub in_flight: u64,
    /// What these are.
    pub mode: Mode,
}
