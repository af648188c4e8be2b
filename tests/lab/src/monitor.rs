//! Every change of a host's nft rules, as the kernel reports it.

use std::time::Duration;

use super::process::{Line, Process};
use super::site::Host;
use super::wait_for;

pub struct Monitor(Process);

/// Chains in an unused table: they come and go to show that a monitor listens, and that it has shown all
/// changes before them.
const LISTENS: &str = "LAB-LISTENS";
const CAUGHT_UP: &str = "LAB-CAUGHT-UP";

impl Monitor {
    /// It listens when this returns.
    pub fn start(host: &Host) -> Monitor {
        // Without -4 xtables-monitor 1.8.9 dies of the first IPv6 rule. With it, it still shows the
        // commits of IPv6. Into a pipe it would write in blocks.
        let mut command = host.namespace.command("stdbuf");
        command.args(["--output=L", "xtables-monitor", "-4", "--event"]);
        let monitor = Monitor(Process::spawn("xtables-monitor", &mut command));
        let limit = Duration::from_secs(10);
        wait_for("a monitor that listens", limit, || {
            come_and_go(host, LISTENS);
            monitor.0.out.last(&gone(LISTENS), 0.0)
        });
        come_and_go(host, CAUGHT_UP);
        wait_for("its last report so far", limit, || {
            // A commit comes after its changes.
            let last = monitor.0.out.last(&gone(CAUGHT_UP), 0.0)?;
            monitor.commits(last.at).pop()
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

fn come_and_go(host: &Host, chain: &str) {
    for change in ["-N", "-X"] {
        host.namespace
            .run("iptables-nft", &["-t", "raw", change, chain]);
    }
}

/// As the monitor shows it.
fn gone(chain: &str) -> String {
    format!("-t raw -X {chain}")
}
