//! The process of HAProxy that answers.

/// The worker behind a stats socket. Another worker may have another configuration, with other ids
/// for our lines, so they must be found again. In a container a new worker often has the pid of the
/// old one. So the start time counts, too.
#[derive(Debug, Clone)]
pub struct Worker {
    /// HAProxy's version, as it says it.
    pub version: String,
    /// The worker's process id, on the balancer's host.
    pub pid: u64,
    /// How long it had run when it answered, in seconds.
    pub uptime: u64,
    /// When it started, in seconds since 1970.
    pub started: u64,
}

impl PartialEq for Worker {
    /// The same worker, whenever it was asked.
    fn eq(&self, other: &Worker) -> bool {
        (self.pid, self.started, &self.version) == (other.pid, other.started, &other.version)
    }
}

impl Eq for Worker {}
