//! Connections and sockets, as the kernel has them.

use crate::netlink::DumpError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Measured, without optimization: 5,000 connections
/// take 75 ms, and 9,000 of other ports 5 ms.
pub(super) const LIMIT: Duration = Duration::from_secs(2);

/// One connection to the app's port, as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The other end; an IPv4 peer of a `[::]` listener as IPv4.
    pub peer: SocketAddr,
    /// This end, likewise.
    pub local: SocketAddr,
    /// How long its request seems to have waited for an answer. The kernel counts in ticks of 1
    /// to 10 ms (CONFIG_HZ). No decision may depend on it: a protocol's own frames look like
    /// requests.
    pub waits: Option<Duration>,
}

/// One socket of this host: it listens, or is connected to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Its own end.
    pub local: SocketAddr,
    /// The inode that identifies it in the files of a process (`/proc/PID/fd`).
    pub inode: u64,
}

/// One socket that has bound a port, and does not listen there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The address.
    pub local: SocketAddr,
    /// Like that of a [`Socket`].
    pub inode: u64,
    /// The user who owns it.
    pub uid: u32,
}

/// One connection that has a port on this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing {
    /// The other end.
    pub peer: SocketAddr,
    /// TIME_WAIT: the kernel keeps it for a minute, and no process has it any more.
    pub is_over: bool,
    /// Like that of a [`Socket`]; 0 if no process has it.
    pub inode: u64,
    /// The user who owns it; root if no process has it.
    pub uid: u32,
}

/// The sockets that have a port on this side and do not listen there.
#[derive(Debug, Default)]
pub struct Held {
    /// Those that have bound it and do nothing more. Linux before 6.8 does not show them.
    pub bound: Vec<Bound>,
    /// Its connections in any state, including those that are over and only remembered for a
    /// while.
    pub passing: Vec<Passing>,
}

/// Why the table could not be read. A caller must not read it as "no connection".
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
    #[error("unexpected list of TCP connections: {0}")]
    Strange(String),
}

impl From<DumpError> for TcpError {
    fn from(error: DumpError) -> TcpError {
        use nix::libc::{ENOENT, EOPNOTSUPP, EPROTONOSUPPORT};
        // Without its module the kernel answers the first one, and to a question about both families
        // the second one (sock_diag_rcv_msg).
        let missing = [ENOENT, EOPNOTSUPP, EPROTONOSUPPORT];
        let unsupported =
            |error: &io::Error| error.raw_os_error().is_some_and(|is| missing.contains(&is));
        match error {
            DumpError::Refused(error) if unsupported(&error) => TcpError::Unsupported,
            DumpError::Refused(error) => TcpError::Refused(error.to_string()),
            DumpError::TimedOut => TcpError::TimedOut(LIMIT),
            DumpError::Interrupted(times) => TcpError::Interrupted(times),
            DumpError::Strange(what) => TcpError::Strange(what),
        }
    }
}

/// IPv4 peers of a `[::]` listener are ::ffff:a.b.c.d in the table.
pub(super) fn address(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_the_fix() {
        let of = |code| TcpError::from(DumpError::Refused(io::Error::from_raw_os_error(code)));
        for code in [nix::libc::ENOENT, nix::libc::EOPNOTSUPP] {
            assert_eq!(of(code), TcpError::Unsupported);
        }
        assert!(
            TcpError::Unsupported
                .to_string()
                .contains("modprobe tcp_diag")
        );
        let refused = of(nix::libc::EPERM).to_string();
        assert!(refused.contains("not permitted"), "{refused}");
    }
}
