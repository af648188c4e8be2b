//! The file of the unix socket.

use haproxy_gate::metrics::{Listener, MetricsAddress};
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

fn bind(path: &Path) -> Result<Listener, String> {
    let bound = Listener::bind(&MetricsAddress::Unix(path.to_owned()));
    bound.map_err(|error| error.to_string())
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("metrics.sock");
    (directory, path)
}

#[tokio::test]
async fn every_user_of_the_host_may_ask_and_no_file_remains() {
    let (_directory, path) = place();
    let listener = bind(&path).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o666);
    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
    let (_directory, path) = place();
    // The file remains when its process is killed.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let listener = bind(&path).unwrap();
    let refused = bind(&path).unwrap_err();
    let message = format!(
        "[agent] metrics {}: another process listens there",
        path.display()
    );
    assert!(refused.starts_with(&message), "{refused}");
    assert!(path.exists());
    drop(listener);
    let datagrams = UnixDatagram::bind(&path).unwrap();
    assert!(bind(&path).unwrap_err().contains("another process"));
    drop(datagrams);
    bind(&path).unwrap();
}

#[tokio::test]
async fn a_socket_with_a_full_queue_is_living() {
    let (_directory, path) = place();
    let busy = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&busy, 0).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(bind(&path).unwrap_err().contains("another process"));
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let (_directory, path) = place();
    fs::write(&path, "notes").unwrap();
    let refused = bind(&path).unwrap_err();
    assert!(
        refused.contains("a file is there that is not a socket"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
}

#[tokio::test]
async fn the_socket_of_a_successor_remains() {
    let (_directory, path) = place();
    let first = bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let second = bind(&path).unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_directory_that_other_users_may_write_is_refused() {
    let (directory, path) = place();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
    let refused = bind(&path).unwrap_err();
    assert!(
        refused.contains("is writable by users other than root"),
        "{refused}"
    );
    assert!(refused.contains("fix: chmod go-w"), "{refused}");
    assert!(!path.exists());
    let nowhere = bind(&directory.path().join("no/metrics.sock")).unwrap_err();
    assert!(
        nowhere.contains("No such file or directory") || nowhere.contains("users other than root")
    );
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = Listener::bind(&MetricsAddress::Tcp(address))
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        format!("[agent] metrics {address}: Address already in use (os error 98)")
    );
}
