//! Every change of a host's nft rules, as the kernel reports it.

use std::time::Duration;

use super::process::{Line, Process};
use super::site::Host;
use super::wait_for;

pub struct Monitor(Process);

/// Changes in an unused table: they show that a monitor listens.
const MARK: &str = "-t raw -N LAB-LISTENS";
const UNMARK: &str = "-t raw -X LAB-LISTENS";

impl Monitor {
    /// It listens when this returns.
    pub fn start(host: &Host) -> Monitor {
        // Without -4 xtables-monitor 1.8.9 dies of the first IPv6 rule. With it, it still shows the
        // commits of IPv6. Into a pipe it would write in blocks.
        let mut command = host.namespace.command("stdbuf");
        command.args(["--output=L", "xtables-monitor", "-4", "--event"]);
        let monitor = Monitor(Process::spawn("xtables-monitor", &mut command));
        wait_for("a monitor that listens", Duration::from_secs(10), || {
            let iptables = |change: &str| {
                let words: Vec<_> = change.split(' ').collect();
                host.namespace.run("iptables-nft", &words);
            };
            iptables(MARK);
            iptables(UNMARK);
            monitor.0.out.last(UNMARK, 0.0)
        });
        monitor
    }

    /// IPv4 rules that were removed since a time, in Unix seconds.
    pub fn taken(&self, from: f64) -> Vec<Line> {
        self.lines(from, "-t nat -D ")
    }

    /// IPv4 rules that were added.
    pub fn put(&self, from: f64) -> Vec<Line> {
        self.lines(from, "-t nat -A ")
    }

    /// Every transaction with a change, in both families.
    pub fn commits(&self, from: f64) -> Vec<Line> {
        self.lines(from, "NEWGEN: ")
    }

    fn lines(&self, from: f64, part: &str) -> Vec<Line> {
        let all = self.0.out.all().into_iter();
        all.filter(|line| line.at >= from && line.text.contains(part))
            .collect()
    }
}
