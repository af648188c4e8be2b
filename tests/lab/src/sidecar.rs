//! `agent run` in a host's namespace, with a notify socket in place of systemd's.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::agent::{Agent, Ended, Running};
use super::site::Host;
use super::wait_for;

pub struct Sidecar {
    running: Running,
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Sidecar {
    /// Starts it, and waits until it reports that it is ready.
    pub fn start(host: &Host, agent: Agent<'_>) -> Sidecar {
        let path: PathBuf = host.dir.join("notify");
        fs::remove_file(&path).ok();
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        let agent = agent.env("NOTIFY_SOCKET", &path);
        let mut sidecar = Sidecar {
            running: agent.start_sidecar(),
            socket,
            heard: Vec::new(),
        };
        sidecar.wait_for_notification("READY=1");
        sidecar
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub fn signal(&self, signal: Signal) {
        self.running.interrupt(signal);
    }

    pub fn is_running(&mut self) -> bool {
        self.running.is_running()
    }

    /// All notifications so far.
    pub fn notifications(&mut self) -> &[String] {
        let mut buffer = [0; 65536];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.heard.extend(text.lines().map(str::to_owned));
        }
        &self.heard
    }

    /// Forgets the notifications so far.
    pub fn forget(&mut self) {
        self.notifications();
        self.heard.clear();
    }

    /// Waits for a notification with these words in it.
    pub fn wait_for_notification(&mut self, words: &str) -> String {
        wait_for(
            &format!("the notification {words:?}"),
            Duration::from_secs(20),
            || {
                // Known before the look, so nothing can come after it.
                let runs = self.running.is_running();
                let mut notifications = self.notifications().iter();
                let found = notifications.rfind(|line| line.contains(words)).cloned();
                assert!(
                    runs || found.is_some(),
                    "the sidecar ended before it sent {words:?}"
                );
                found
            },
        )
    }

    /// Waits for its end, after a signal.
    pub fn wait(self) -> Ended {
        self.running.wait()
    }

    /// Waits for its end, and returns all notifications.
    pub fn wait_for_notifications(mut self) -> (Ended, Vec<String>) {
        wait_for("its end", Duration::from_secs(20), || {
            self.notifications();
            (!self.running.is_running()).then_some(())
        });
        let heard = self.notifications().to_vec();
        (self.running.wait(), heard)
    }

    /// Sends SIGTERM, and waits for its end.
    pub fn stop(self) -> Ended {
        self.running.interrupt(Signal::SIGTERM);
        self.running.wait()
    }

    /// Sends SIGKILL.
    pub fn kill(self) {
        self.running.interrupt(Signal::SIGKILL);
        self.running.wait();
    }
}
