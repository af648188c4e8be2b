//! How a look at everything asks the balancers.

/// Which balancers the look asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The look asks no balancer.
    NoBalancer,
    /// Looks for our lines among all servers.
    Anew,
    /// Asks for our lines where they were last found, and looks for those that are gone. With a
    /// big HAProxy or a big backend this does not read all servers each second.
    OfKnownLines,
}
