//! What was counted a moment ago, and when.

use super::BackendCapacity;
use std::time::{Duration, Instant};

/// The other servers as they were counted last, when, and how long that took.
#[derive(Debug, Clone)]
pub(super) struct RecentCapacities {
    pub(super) capacities: Vec<BackendCapacity>,
    pub(super) at: Instant,
    pub(super) took: Duration,
}

/// When whole backends were asked for last, to be soon asked for again, and how many servers
/// there were.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) at: Instant,
    pub(super) servers: u32,
}
