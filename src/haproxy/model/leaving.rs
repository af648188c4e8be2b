//! What a worker that leaves after a reload still carries.

/// A line of ours on a leaving worker, with something on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The worker's process id, on the balancer's host.
    pub pid: u64,
    /// BACKEND/SERVER, as that worker calls it.
    pub line: String,
    /// Requests on it (`scur`) and queued for it (`qcur`).
    pub in_flight: u64,
}
