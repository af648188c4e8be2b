//! Who listens on a port of this host. On a status port they would answer HAProxy's checks
//! with the gate closed; on the app's port it is the app.

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Stat};
use std::net::SocketAddr;

/// Each listener on `port`, as "NAME (pid N) on ADDRESS".
pub fn listeners(port: u16) -> Vec<String> {
    let named = |entry: TcpNetEntry| match owners(entry.inode).next() {
        Some(stat) => format!(
            "{} (pid {}) on {}",
            stat.comm, stat.pid, entry.local_address
        ),
        None => format!("a process that can't be named on {}", entry.local_address),
    };
    listening(port).map(named).collect()
}

/// Where each listener on `port` is bound.
pub fn bound(port: u16) -> Vec<SocketAddr> {
    listening(port).map(|entry| entry.local_address).collect()
}

/// Who holds each socket that listens on `port`; empty where that can't be known.
pub fn holders(port: u16) -> Vec<Vec<Stat>> {
    let holders = |entry: TcpNetEntry| owners(entry.inode).collect();
    listening(port).map(holders).collect()
}

fn listening(port: u16) -> impl Iterator<Item = TcpNetEntry> {
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let entries = tables.into_iter().flatten().flatten();
    entries.filter(move |e| e.state == TcpState::Listen && e.local_address.port() == port)
}

fn owners(inode: u64) -> impl Iterator<Item = Stat> {
    let holds = move |process: procfs::process::Process| {
        let mut files = process.fd().ok()?.flatten();
        files
            .any(|file| file.target == FDTarget::Socket(inode))
            .then(|| process.stat().ok())
            .flatten()
    };
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
}
