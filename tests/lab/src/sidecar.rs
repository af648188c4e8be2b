//! `agent run` in a host's namespace, with a socket in the place of systemd's.

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
    told: UnixDatagram,
    heard: Vec<String>,
}

impl Sidecar {
    /// Starts it, and waits until it says that it is ready.
    pub fn start(host: &Host, agent: Agent<'_>) -> Sidecar {
        let socket: PathBuf = host.dir.join("notify");
        fs::remove_file(&socket).ok();
        let told = UnixDatagram::bind(&socket).expect("a socket");
        told.set_nonblocking(true).expect("a socket");
        let agent = agent.env("NOTIFY_SOCKET", &socket);
        let mut sidecar = Sidecar {
            running: agent.start_sidecar(),
            told,
            heard: Vec::new(),
        };
        sidecar.wait_told("READY=1");
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

    /// Everything that systemd was told so far.
    pub fn told(&mut self) -> &[String] {
        let mut buffer = [0; 65536];
        while let Ok(length) = self.told.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.heard.extend(text.lines().map(str::to_owned));
        }
        &self.heard
    }

    /// Forgets what was told so far.
    pub fn forget(&mut self) {
        self.told();
        self.heard.clear();
    }

    /// Waits until systemd is told something with these words in it.
    pub fn wait_told(&mut self, words: &str) -> String {
        wait_for(
            &format!("{words:?} to be told"),
            Duration::from_secs(20),
            || {
                if !self.running.is_running() {
                    panic!("the sidecar left before it told {words:?}");
                }
                let mut told = self.told().iter();
                told.rfind(|line| line.contains(words)).cloned()
            },
        )
    }

    /// Its end, after a signal.
    pub fn wait(self) -> Ended {
        self.running.wait()
    }

    /// Its end, and everything that systemd was told.
    pub fn wait_and_hear(mut self) -> (Ended, Vec<String>) {
        wait_for("its end", Duration::from_secs(20), || {
            self.told();
            (!self.running.is_running()).then_some(())
        });
        let heard = self.told().to_vec();
        (self.running.wait(), heard)
    }

    /// SIGTERM, and its end.
    pub fn stop(self) -> Ended {
        self.running.interrupt(Signal::SIGTERM);
        self.running.wait()
    }

    /// SIGKILL.
    pub fn kill(self) {
        self.running.interrupt(Signal::SIGKILL);
        self.running.wait();
    }
}
