//! Where metrics are served: a loopback address, or a unix socket.

use crate::state::permissions;
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

/// Where metrics are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsAddress {
    /// A loopback address; whoever is on this host may ask.
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
                "only a loopback address (127.0.0.1, [::1]), or a unix socket's path: \
                     whoever reaches it may ask",
            ),
            Ok(address) if address.port() != 0 => Ok(MetricsAddress::Tcp(address)),
            _ => Err("a loopback address with a port (\"127.0.0.1:9127\"), or an absolute path"),
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

/// A socket that listens. A unix one is removed when it is dropped.
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

/// The file of a socket of ours: device and inode tell it from that of a successor.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// For everybody, as the loopback address is: the numbers are no secret to who is on this
/// host, and Prometheus is not root. For fewer, put it in a directory that only they may enter.
const MODE: u32 = 0o666;

impl Listener {
    /// Listens. A unix socket on which nobody answers any more is replaced. Needs tokio's
    /// runtime.
    ///
    /// # Errors
    ///
    /// The address is taken, or what the system says; where others than root may write the
    /// socket's directory, that. The address is named.
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
    // Who could swap the file would choose what root makes writable for all.
    if let Some(directory) = path.parent() {
        let untrusted = |untrusted| io::Error::new(ErrorKind::PermissionDenied, untrusted);
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

/// Removes a socket on which nobody answers: its process was killed, or is now another program.
fn make_room(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        // Connecting to a file would be refused just as well.
        Ok(found) if !found.file_type().is_socket() => {
            let what = "there is a file that is no socket: remove it, or name another path";
            return Err(io::Error::new(ErrorKind::AlreadyExists, what));
        }
        Ok(_) => {}
    }
    // One whose queue is full would keep this side waiting.
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
    /// Whoever has bound the path since keeps it.
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
