//! Recent counts of other servers, with their time.

use super::BackendCapacity;
use std::time::{Duration, Instant};

/// The last capacities, when they were counted, and how long that took.
#[derive(Debug, Clone)]
pub(super) struct RecentCapacities {
    pub(super) capacities: Vec<BackendCapacity>,
    pub(super) at: Instant,
    pub(super) took: Duration,
}

/// The last time that whole backends were asked for, and the number of servers in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) at: Instant,
    pub(super) servers: u32,
}
