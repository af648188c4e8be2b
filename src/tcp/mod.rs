//! The host's own TCP table from the kernel: the connections to the app. It shows those of every
//! balancer and every worker, the leaving ones too, and needs no answer of any of them.

mod dump;
mod info;
mod model;

pub use model::{Bound, Connection, Held, Passing, Socket, TcpError};

use std::time::Duration;

/// All connections whose local port is `port`, in this network namespace, of both address
/// families. The call runs in a thread of its own and ends within 2 s.
///
/// # Errors
///
/// [`TcpError`]: the table could not be read as a whole.
pub async fn connections(port: u16) -> Result<Vec<Connection>, TcpError> {
    let dump = tokio::task::spawn_blocking(move || dump::connections(port));
    let joined = dump.await;
    joined.map_err(|error| TcpError::Refused(error.to_string()))?
}

/// How long the oldest request on these connections seems to have waited.
pub fn oldest(connections: &[Connection]) -> Option<Duration> {
    connections.iter().filter_map(|one| one.waits).max()
}

/// All sockets that listen on `port`, in this network namespace, of both address families.
/// Blocks for some microseconds.
///
/// # Errors
///
/// [`TcpError`]: the table could not be read as a whole.
pub fn listeners(port: u16) -> Result<Vec<Socket>, TcpError> {
    dump::listeners(port)
}

/// The sockets of this host that are connected to `port` of any host. Blocks for some
/// microseconds, or milliseconds on a busy host.
///
/// # Errors
///
/// [`TcpError`]: the table could not be read as a whole.
pub fn callers(port: u16) -> Result<Vec<Socket>, TcpError> {
    dump::callers(port)
}

/// All sockets that have `port` on this side and do not listen there, of both address families.
/// Blocks for some milliseconds on a busy host.
///
/// # Errors
///
/// [`TcpError`]: the table could not be read as a whole.
pub fn held(port: u16) -> Result<Held, TcpError> {
    dump::held(port)
}
