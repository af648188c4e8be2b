//! What a balancer shows of us: our lines, and all that is beside them.

use super::{Neighbours, Own, ServerState};

/// A backend that serves our app, and what else there is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Our lines, in HAProxy's order.
    pub own: Vec<Own>,
    /// The lines of the app's other targets on this host.
    pub siblings: Vec<ServerState>,
    /// What else the configuration has beside our lines.
    pub neighbours: Neighbours,
    /// All servers of all backends.
    pub servers: Vec<ServerState>,
}
