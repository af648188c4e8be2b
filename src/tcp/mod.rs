//! The host's own TCP table, as the kernel keeps it: which connections to the app there are. It
//! shows those of every balancer and every worker, the leaving ones too, and asks none of them.

mod dump;
mod info;

use crate::netlink::DumpError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One connection to the app's port, as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The other end; an IPv4 peer of a `[::]` listener as IPv4.
    pub peer: SocketAddr,
    /// This end, likewise.
    pub local: SocketAddr,
    /// How long its request seems to have waited for an answer. The kernel counts in ticks of 1
    /// to 10 ms (CONFIG_HZ). Nothing may rest on it: a protocol's own frames look like requests.
    pub waits: Option<Duration>,
}

/// One socket of this host: it listens, or is connected to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Its own end.
    pub local: SocketAddr,
    /// By which a process that holds it is known (`/proc/PID/fd`).
    pub inode: u64,
}

/// Why the table could not be had. Never to be read as "no connection".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TcpError {
    /// The kernel has no inet_diag, or not loaded.
    #[error("the kernel can't list TCP connections (no inet_diag): `modprobe tcp_diag`")]
    Unsupported,
    /// The kernel refused, or the netlink socket broke.
    #[error("can't list TCP connections: {0}")]
    Refused(String),
    /// No complete table in time.
    #[error("no complete list of TCP connections within {0:?}")]
    TimedOut(Duration),
    /// The table changed under the dump each time.
    #[error("the list of TCP connections was interrupted {0} times in a row")]
    Interrupted(u32),
    /// An answer that the kernel does not document.
    #[error("strange list of TCP connections: {0}")]
    Strange(String),
}

impl From<DumpError> for TcpError {
    fn from(error: DumpError) -> TcpError {
        use nix::libc::{ENOENT, EPROTONOSUPPORT};
        let unsupported =
            |error: &io::Error| matches!(error.raw_os_error(), Some(ENOENT | EPROTONOSUPPORT));
        match error {
            DumpError::Refused(error) if unsupported(&error) => TcpError::Unsupported,
            DumpError::Refused(error) => TcpError::Refused(error.to_string()),
            DumpError::TimedOut => TcpError::TimedOut(dump::LIMIT),
            DumpError::Interrupted(times) => TcpError::Interrupted(times),
            DumpError::Strange(what) => TcpError::Strange(what),
        }
    }
}

/// All connections whose local port is `port`, in this network namespace, of
/// both address families; the calls go to a thread of their own and end within 2 s.
///
/// # Errors
///
/// [`TcpError`]: the table could not be had as a whole.
pub async fn connections(port: u16) -> Result<Vec<Connection>, TcpError> {
    let dump = tokio::task::spawn_blocking(move || dump::connections(port));
    let joined = dump.await;
    joined.map_err(|error| TcpError::Refused(error.to_string()))?
}

/// How long the oldest of the requests seems to have waited that these connections carry.
pub fn oldest(connections: &[Connection]) -> Option<Duration> {
    connections.iter().filter_map(|one| one.waits).max()
}

/// All sockets that listen on `port`, in this network namespace, of both address families.
/// Blocks for some microseconds.
///
/// # Errors
///
/// [`TcpError`]: the table could not be had as a whole.
pub fn listeners(port: u16) -> Result<Vec<Socket>, TcpError> {
    dump::listeners(port)
}

/// The sockets of this host that are connected to `port` of whatever host. Blocks for some
/// microseconds, or milliseconds on a busy host.
///
/// # Errors
///
/// [`TcpError`]: the table could not be had as a whole.
pub fn callers(port: u16) -> Result<Vec<Socket>, TcpError> {
    dump::callers(port)
}

/// IPv4 peers of a `[::]` listener are ::ffff:a.b.c.d in the table.
fn address(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_the_fix() {
        let of = |code| TcpError::from(DumpError::Refused(io::Error::from_raw_os_error(code)));
        let unsupported = of(nix::libc::ENOENT);
        assert_eq!(unsupported, TcpError::Unsupported);
        assert!(unsupported.to_string().contains("modprobe tcp_diag"));
        let refused = of(nix::libc::EPERM).to_string();
        assert!(refused.contains("not permitted"), "{refused}");
    }
}
