//! A host at rest: exactly one target is open, and the port of the other one is parked on it.

use super::farm::Farm;
use super::target::{BLUE, GREEN, Target};
use crate::site::Host;

impl Farm {
    /// By the rules in the kernel, by HAProxy, and by the processes.
    pub fn assert_current(&self, number: usize, name: &str) {
        self.assert_gates(number, name);
        let idle = if name == BLUE { GREEN } else { BLUE };
        for (target, status) in [(name, "UP"), (idle, "DOWN")] {
            for line in self.names(number, target) {
                assert_eq!(self.haproxy.server(&line).status(), status, "{line}");
            }
        }
        let (current, idle) = (self.target(number, name), self.target(number, idle));
        assert!(current.is_running(), "{name} runs");
        let rules = self.host(number).rules();
        let parked = self.host(number).parked(idle.port());
        assert_eq!(parked, Some(current.port()), "parked\n{rules}");
        assert_eq!(self.host(number).parked(current.port()), None, "{rules}");
    }

    /// The gates of this target are open, and no other one is.
    pub fn assert_gates(&self, number: usize, name: &str) {
        let rules = self.host(number).rules();
        for target in [BLUE, GREEN].map(|name| self.target(number, name)) {
            for port in self.status_ports(target) {
                let open = self.host(number).gate_is_open(port);
                assert_eq!(open, target.name == name, "gate {port}\n{rules}");
            }
        }
    }

    /// The target whose main gate is open. Panics if that is not exactly one.
    pub fn current(&self, number: usize) -> &'static str {
        let open = |name: &&str| {
            let port = self.target(number, name).status_port();
            self.host(number).gate_is_open(port)
        };
        let open: Vec<_> = [BLUE, GREEN].into_iter().filter(open).collect();
        assert_eq!(open.len(), 1, "open targets: {open:?}");
        open[0]
    }

    /// HAProxy's lines of a target.
    fn names(&self, number: usize, target: &str) -> Vec<String> {
        let stages = &["web", "bkp"][..1 + usize::from(self.lines.twins)];
        let lines = stages.iter();
        lines
            .map(|stage| format!("{stage}{number}-{target}"))
            .collect()
    }

    fn status_ports(&self, target: &Target) -> Vec<u16> {
        let ports = [target.status_port(), target.backup_status_port()];
        ports[..1 + usize::from(self.lines.twins)].to_vec()
    }
}

impl Host {
    /// The port to which the agent redirects the traffic of a port.
    pub fn parked(&self, port: u16) -> Option<u16> {
        let rules = self.rules();
        let parks = |rule: &&str| {
            rule.starts_with("-A HAPROXY-GATE-PARK ") && rule.contains(&format!("--dport {port} "))
        };
        let rule = rules.lines().find(parks)?;
        let (_, to) = rule.split_once("--to-destination :")?;
        to.split(' ').next()?.parse().ok()
    }
}
