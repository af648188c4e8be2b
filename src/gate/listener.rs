//! Who listens on a status port: with the gate closed they would answer HAProxy's checks.

use procfs::net::TcpState;
use procfs::process::FDTarget;

/// Each listener on `port`, as "NAME (pid N) on ADDRESS".
pub fn listeners(port: u16) -> Vec<String> {
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let entries = tables.into_iter().flatten().flatten();
    let listening =
        entries.filter(|e| e.state == TcpState::Listen && e.local_address.port() == port);
    listening
        .map(|e| format!("{} on {}", owner(e.inode), e.local_address))
        .collect()
}

fn owner(inode: u64) -> String {
    let holds = |process: &procfs::process::Process| {
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
    match processes.filter_map(|process| holds(&process)).next() {
        Some(stat) => format!("{} (pid {})", stat.comm, stat.pid),
        None => "a process that can't be named".to_owned(),
    }
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
