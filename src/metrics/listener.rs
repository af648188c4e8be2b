//! Listens for Prometheus on a loopback address or a unix socket.

use crate::state::permissions::{self, Untrusted};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio::net::{TcpListener, UnixListener};

/// The address of the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsAddress {
    /// A loopback address. Every process of this host may ask.
    Tcp(SocketAddr),
    /// The absolute path of a unix socket.
    Unix(PathBuf),
}

impl FromStr for MetricsAddress {
    type Err = &'static str;

    /// `ADDRESS:PORT` on loopback, or an absolute path.
    fn from_str(text: &str) -> Result<MetricsAddress, &'static str> {
        if text.starts_with('/') {
            return match std::os::unix::net::SocketAddr::from_pathname(text) {
                Ok(_) => Ok(MetricsAddress::Unix(PathBuf::from(text))),
                Err(_) => Err("a socket's path is 107 bytes at most, without NUL"),
            };
        }
        match text.parse::<SocketAddr>() {
            Ok(address) if !address.ip().is_loopback() => Err(
                "only a loopback address (127.0.0.1, [::1]) or a unix socket's path: every client \
                 that reaches it can read the metrics",
            ),
            Ok(address) if address.port() != 0 => Ok(MetricsAddress::Tcp(address)),
            _ => Err(
                "expected a loopback address with a port (\"127.0.0.1:9127\"), or an \
                absolute path",
            ),
        }
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricsAddress::Tcp(address) => address.fmt(f),
            MetricsAddress::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A socket that listens. Drop removes a unix socket.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: Socket,
    _file: Option<SocketFile>,
}

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The file of our unix socket. Device and inode distinguish it from the file of a successor.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// Open to all processes of this host, like the loopback address: the numbers are no secret here,
/// and Prometheus is not root. A directory with fewer permissions restricts it.
const MODE: u32 = 0o666;

impl Listener {
    /// Listens, and replaces a unix socket that has no listener any more. Needs tokio's runtime.
    ///
    /// # Errors
    ///
    /// The address is taken, the system refuses it, or users other than root may write the
    /// socket's directory. The error names the address.
    pub fn bind(address: &MetricsAddress) -> io::Result<Listener> {
        let bound = match address {
            MetricsAddress::Tcp(address) => bind_tcp(*address),
            MetricsAddress::Unix(path) => bind_unix(path),
        };
        bound.map_err(|error| {
            io::Error::new(error.kind(), format!("[agent] metrics {address}: {error}"))
        })
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(Listener {
        socket: Socket::Tcp(TcpListener::from_std(socket)?),
        _file: None,
    })
}

fn bind_unix(path: &Path) -> io::Result<Listener> {
    // A user who could swap the file would choose what root makes writable for all.
    if let Some(directory) = path.parent() {
        let untrusted = |untrusted: Untrusted| {
            let untrusted = untrusted.of_setting("metrics", "/run/haproxy-gate/metrics.sock");
            io::Error::new(ErrorKind::PermissionDenied, untrusted)
        };
        permissions::check(directory).map_err(untrusted)?;
    }
    make_room(path)?;
    let socket = UnixListener::bind(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    Ok(Listener {
        socket: Socket::Unix(socket),
        _file: Some(file),
    })
}

/// Removes a socket without a listener: its process was killed, or became another program.
fn make_room(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        // A connect to a regular file would be refused too, so look at the type first.
        Ok(found) if !found.file_type().is_socket() => {
            let what = "a file is there that is not a socket: remove it, or name another path";
            return Err(io::Error::new(ErrorKind::AlreadyExists, what));
        }
        Ok(_) => {}
    }
    // A listener with a full queue would block this process.
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let asking = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match connect(&asking, &SocketAddrUnix::new(path)?) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path),
        _ => {
            let what = "another process listens there: stop it, or name another path";
            Err(io::Error::new(ErrorKind::AddrInUse, what))
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

impl Drop for SocketFile {
    /// Keeps the file of another process that has bound the path since.
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
