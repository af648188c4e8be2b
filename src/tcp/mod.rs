//! The host's own TCP table, as the kernel keeps it: which connections to the app still
//! carry a request. It counts the requests of every balancer and every worker, the leaving
//! ones too, and asks none of them.

mod dump;
mod info;
mod watch;

pub use watch::Watch;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One established connection to the app's port, as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The other end; an IPv4 peer of a `[::]` listener as IPv4.
    pub peer: SocketAddr,
    /// This end, likewise.
    pub local: SocketAddr,
    /// How long ago the peer last sent something; None: never. The kernel counts in ticks
    /// of 1 to 10 ms (CONFIG_HZ), told in milliseconds (`tcpi_last_data_recv`).
    pub received_ago: Option<Duration>,
    /// How long ago this side last sent something; None: never. As above
    /// (`tcpi_last_data_sent`).
    pub sent_ago: Option<Duration>,
    /// Bytes sent (or waiting to be) that the peer has not acknowledged yet
    /// (`idiag_wqueue`: write_seq - snd_una).
    pub unacknowledged: u32,
    /// What it carries, or carried when looked at before, is a current worker's: see [`Watch`].
    pub explained: bool,
}

impl Connection {
    /// A request was received and not answered yet, or its answer is still on its way.
    ///
    /// A request that comes within a tick of the answer before it on the same connection
    /// is taken for answered. A peer that speaks after the answer without asking (HTTP/2's
    /// WINDOW_UPDATE) is taken for waiting.
    pub fn is_waiting(&self) -> bool {
        let unanswered = match (self.received_ago, self.sent_ago) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(received), Some(sent)) => sent > received,
        };
        unanswered || self.unacknowledged > 0
    }
}

/// One socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Where.
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
    /// Its tcp_info has no byte counts, so "never sent" can't be told.
    #[error("the kernel tells too little about TCP connections: Linux 4.1 or newer is needed")]
    TooOld,
}

impl TcpError {
    fn from_io(error: &io::Error) -> TcpError {
        use nix::libc::{ENOENT, EPROTONOSUPPORT};
        match error.raw_os_error() {
            Some(ENOENT | EPROTONOSUPPORT) => TcpError::Unsupported,
            _ => TcpError::Refused(error.to_string()),
        }
    }
}

/// All established connections whose local port is `port`, in this network namespace, of
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

/// How long the oldest of the requests has waited that these connections carry.
pub fn oldest(connections: &[Connection]) -> Option<Duration> {
    let waiting = connections.iter().filter(|one| one.is_waiting());
    waiting.filter_map(|one| one.received_ago).max()
}

/// All sockets that listen on `port`, in this network namespace, of both address families.
/// Blocks for some microseconds.
///
/// # Errors
///
/// [`TcpError`]: the table could not be had as a whole.
pub fn listeners(port: u16) -> Result<Vec<Listener>, TcpError> {
    dump::listeners(port)
}

/// IPv4 peers of a `[::]` listener are ::ffff:a.b.c.d in the table.
fn address(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(received: Option<u64>, sent: Option<u64>, unacknowledged: u32) -> bool {
        connection(received, sent, unacknowledged).is_waiting()
    }

    fn connection(received: Option<u64>, sent: Option<u64>, unacknowledged: u32) -> Connection {
        let end = SocketAddr::from(([127, 0, 0, 1], 1000));
        Connection {
            peer: end,
            local: end,
            received_ago: received.map(Duration::from_millis),
            sent_ago: sent.map(Duration::from_millis),
            unacknowledged,
            explained: false,
        }
    }

    #[test]
    fn the_oldest_is_one_that_waits() {
        let answered = connection(Some(9000), Some(5), 0);
        let waits = |received| connection(Some(received), None, 0);
        let seen = [waits(20), answered.clone(), waits(300), waits(7)];
        assert_eq!(oldest(&seen), Some(Duration::from_millis(300)));
        assert_eq!(oldest(&[answered]), None);
    }

    #[test]
    fn waiting_is_received_and_not_answered_or_not_acknowledged() {
        assert!(!waiting(None, None, 0), "nothing but a connection");
        assert!(!waiting(None, Some(5), 0), "a greeting, as SMTP has it");
        assert!(waiting(Some(5), None, 0), "the first request");
        assert!(waiting(Some(5), Some(6), 0), "a later one");
        assert!(!waiting(Some(5), Some(5), 0), "answered in the same tick");
        assert!(!waiting(Some(6), Some(5), 0), "answered");
        assert!(waiting(Some(6), Some(5), 1), "answered, not all taken");
    }

    #[test]
    fn an_error_is_one_line_with_the_mend() {
        let of = |code| TcpError::from_io(&io::Error::from_raw_os_error(code));
        assert_eq!(of(nix::libc::ENOENT), TcpError::Unsupported);
        assert!(
            of(nix::libc::ENOENT)
                .to_string()
                .contains("modprobe tcp_diag")
        );
        let refused = of(nix::libc::EPERM).to_string();
        assert!(refused.contains("not permitted"), "{refused}");
    }
}
