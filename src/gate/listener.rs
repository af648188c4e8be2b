//! Finds the processes that listen on a port of this host. On a status port they would answer
//! HAProxy's checks with the gate closed; on the app's port they are the app.

use crate::tcp::{self, Socket};
use crate::text::escape;
use procfs::net::TcpState;
use procfs::process::{FDTarget, Process, Stat};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

/// Each listener on `port`, as "NAME (pid N) on ADDRESS".
pub fn listeners(port: u16) -> Vec<String> {
    let named = |socket: &Socket| match owners(socket.inode).next() {
        Some(stat) => {
            let name = escape(&stat.comm);
            format!("{name} (pid {}) on {}", stat.pid, socket.local)
        }
        None => format!("an unknown process on {}", socket.local),
    };
    listening(port).iter().map(named).collect()
}

/// Where each listener on `port` is bound.
pub fn bound(port: u16) -> Vec<SocketAddr> {
    let local = |socket: &Socket| socket.local;
    listening(port).iter().map(local).collect()
}

/// The processes of each socket that listens on `port`. Empty: unknown.
pub fn holders(port: u16) -> Vec<Vec<Stat>> {
    let holders = |socket: &Socket| owners(socket.inode).collect();
    listening(port).iter().map(holders).collect()
}

/// Whether this process holds a socket that listens on `port`. Looks at it alone, because a look
/// through the files of all processes takes milliseconds.
pub fn holds(pid: i32, port: u16) -> bool {
    let Ok(process) = Process::new(pid) else {
        return false;
    };
    let mut sockets = listening(port).into_iter();
    sockets.any(|socket| has(&process, socket.inode))
}

/// The names of the processes that have these sockets, as far as known. One walk through the
/// files of all processes.
pub fn names_of(inodes: &HashSet<u64>) -> HashMap<u64, String> {
    let mut names = HashMap::new();
    if inodes.is_empty() {
        return names;
    }
    for process in procfs::process::all_processes()
        .into_iter()
        .flatten()
        .flatten()
    {
        let files = process.fd().into_iter().flatten().flatten();
        let sockets = files.filter_map(|file| match file.target {
            FDTarget::Socket(inode) if inodes.contains(&inode) => Some(inode),
            _ => None,
        });
        for inode in sockets {
            if let Ok(stat) = process.stat() {
                names.entry(inode).or_insert(stat.comm);
            }
        }
    }
    names
}

fn listening(port: u16) -> Vec<Socket> {
    tcp::listeners(port).unwrap_or_else(|_| listening_by_proc(port))
}

/// For kernels without inet_diag.
fn listening_by_proc(port: u16) -> Vec<Socket> {
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let entries = tables.into_iter().flatten().flatten();
    let listening =
        entries.filter(|e| e.state == TcpState::Listen && e.local_address.port() == port);
    let listeners = listening.map(|entry| Socket {
        local: entry.local_address,
        inode: entry.inode,
    });
    listeners.collect()
}

pub(super) fn has(process: &Process, inode: u64) -> bool {
    let files = process.fd().into_iter().flatten().flatten();
    let mut targets = files.map(|file| file.target);
    targets.any(|target| target == FDTarget::Socket(inode))
}

pub(super) fn owners(inode: u64) -> impl Iterator<Item = Stat> {
    let holds = move |process: Process| has(&process, inode).then(|| process.stat().ok()).flatten();
    let processes = procfs::process::all_processes()
        .into_iter()
        .flatten()
        .flatten();
    processes.filter_map(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_process_and_the_address() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = listeners(port);
        assert_eq!(found.len(), 1);
        assert!(holds(std::process::id().cast_signed(), port) && !holds(1, port));
        assert_eq!(listening(port), listening_by_proc(port));
        let (pid, address) = (
            format!("(pid {})", std::process::id()),
            format!("127.0.0.1:{port}"),
        );
        assert!(
            found[0].contains(&pid) && found[0].ends_with(&address),
            "{found:?}"
        );
        drop(socket);
        assert!(listeners(port).is_empty());
    }

    /// Any user may give a process such a name.
    #[test]
    fn a_name_with_control_characters_is_escaped() {
        let comm = std::path::Path::new("/proc/self/comm");
        let before = std::fs::read(comm).unwrap();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        std::fs::write(comm, "\x1b[2Ja\nb").unwrap();
        let found = listeners(socket.local_addr().unwrap().port());
        std::fs::write(comm, before.trim_ascii_end()).unwrap();
        assert!(found[0].starts_with("\\u{1b}[2Ja\\nb (pid "), "{found:?}");
    }
}
