//! What a leaving worker still carries after a reload.

/// A line of ours on a leaving worker that still carries something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The worker's process id, on the balancer's host.
    pub pid: u64,
    /// BACKEND/SERVER, by that worker's names.
    pub line: String,
    /// Requests on it (`scur`) and queued for it (`qcur`).
    pub in_flight: u64,
}
