//! A stats socket that says what a test wants.

use crate::PORTS;
use haproxy_gate::haproxy::{Address, Balancer, Socket, Unseen};
use lab::block_on;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A unix socket that gives every connection the same answer. Like HAProxy it reads one line,
/// answers and closes.
pub(crate) struct FakeSocket {
    directory: tempfile::TempDir,
    answer: std::sync::Arc<std::sync::Mutex<(Vec<u8>, String)>>,
}

impl FakeSocket {
    pub(crate) fn start(answer: Vec<u8>) -> FakeSocket {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("s")).unwrap();
        let shared = std::sync::Arc::new(std::sync::Mutex::new((answer, String::new())));
        let answer = std::sync::Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut line = [0; 4096];
                let read = stream.read(&mut line).unwrap_or(0);
                let mut shared = answer.lock().unwrap();
                shared.1 = String::from_utf8_lossy(&line[..read]).into_owned();
                let _ = stream.write_all(&shared.0);
            }
        });
        FakeSocket {
            directory,
            answer: shared,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        Path::new(self.directory.path()).join("s")
    }

    pub(crate) fn answer(&self, answer: Vec<u8>) {
        self.answer.lock().unwrap().0 = answer;
    }

    pub(crate) fn asked(&self) -> String {
        self.answer.lock().unwrap().1.clone()
    }

    pub(crate) fn socket(&self) -> Socket {
        Socket {
            address: Address::Unix(self.path()),
            timeout: Duration::from_secs(5),
        }
    }

    pub(crate) fn ask(&self, command: &str) -> Result<Vec<String>, Unseen> {
        block_on(self.socket().ask(&[command.to_owned()]))
    }

    pub(crate) fn balancer(&self) -> Balancer {
        Balancer::new(
            self.socket(),
            None,
            PORTS,
            vec!["10.0.0.11".parse().unwrap()],
        )
    }
}
