//! Gates, parking and whole switches by iptables alone, without an agent: what HAProxy and the app
//! make of them; and what the agent has parked.

use super::farm::Farm;
use super::target::Target;
use crate::site::Host;

impl Farm {
    /// Opens or closes a gate of a host by hand.
    pub fn set_gate(&self, number: usize, status_port: u16, target: &Target, open: bool) {
        let change = if open { "-A" } else { "-D" };
        redirect(self.host(number), change, status_port, target.port());
    }

    /// Opens all gates of a target on all hosts by hand.
    pub fn open_by_hand(&self, name: &str) {
        for number in self.numbers() {
            let target = self.target(number, name);
            self.set_gate(number, target.status_port(), target, true);
            if self.lines.twins {
                self.set_gate(number, target.backup_status_port(), target, true);
            }
        }
        self.wait_until_current(name);
    }

    /// Redirects the traffic of a target to another one by hand.
    pub fn park(&self, number: usize, from: &Target, to: &Target) {
        redirect(self.host(number), "-A", from.port(), to.port());
    }

    pub fn unpark(&self, number: usize, from: &Target, to: &Target) {
        redirect(self.host(number), "-D", from.port(), to.port());
    }
}

fn redirect(host: &Host, change: &str, from: u16, to: u16) {
    let (from, to) = (from.to_string(), to.to_string());
    let rule = [
        "-w",
        "-t",
        "nat",
        change,
        "PREROUTING",
        "-p",
        "tcp",
        "--dport",
        &from,
        "-j",
        "REDIRECT",
        "--to-ports",
        &to,
    ];
    host.namespace.run("iptables", &rule);
}
