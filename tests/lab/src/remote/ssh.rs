//! Faults of ssh to a host that HAProxy and its users still reach.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::{namespace, wait_for};
use super::Remote;

/// In both directions, so that neither end learns that the connection is gone.
const SILENCE: [&str; 2] = [
    "INPUT -p tcp --dport 22 -j DROP",
    "OUTPUT -p tcp --sport 22 -j DROP",
];

impl Remote {
    /// The host refuses new connections, and keeps the current ones.
    pub fn stop_sshd(&self) {
        self.sh("kill $(cat /run/sshd.pid) && while [ -e /run/sshd.pid ]; do sleep 0.02; done");
    }

    pub fn start_sshd(&self) {
        self.sh(&format!("/usr/sbin/sshd -E {}", self.sshd_log.display()));
        let port = SocketAddr::from(([127, 0, 0, 1], 22));
        wait_for("sshd", Duration::from_secs(20), || {
            namespace::connect(&self.network, port).ok()
        });
    }

    /// No packet of ssh comes through any more, in any connection.
    pub fn silence_ssh(&self) {
        self.change_silence("-I");
    }

    /// All packets come through again.
    pub fn restore_ssh(&self) {
        self.change_silence("-D");
    }

    fn change_silence(&self, change: &str) {
        for rule in SILENCE {
            self.sh(&format!("iptables -w 5 {change} {rule}"));
        }
    }
}
