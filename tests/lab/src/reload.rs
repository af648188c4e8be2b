//! HAProxy's reload: its master starts another worker, and the one before leaves after its last
//! request.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::haproxy::Haproxy;
use super::{namespace, stats, wait_for};

/// A connection during a reload may get no answer, so the lab asks again soon.
const SOON: Duration = Duration::from_millis(500);

impl Haproxy {
    /// Waits until another worker answers on all sockets of the one before, and the master shows
    /// it.
    pub fn reload(&self) {
        let leaving = self.worker();
        self.process.signal(Signal::SIGUSR2);
        let pid_in = |answer: Option<String>| stats::info(&answer?, "Pid");
        let is_another = |worker: &String| *worker != leaving;
        let limit = Duration::from_secs(20);
        let worker = wait_for("another worker", limit, || {
            let answer = stats::try_ask(&self.socket, "show info", SOON).ok();
            pid_in(answer).filter(is_another)
        });
        if let Some((network, to)) = &self.tcp {
            wait_for("another worker over TCP", limit, || {
                let stream = namespace::connect(network, *to).ok()?;
                let answer = stats::ask_over_tcp(stream, "show info").ok();
                pid_in(answer).filter(is_another)
            });
        }
        wait_for("the master to show another worker", limit, || {
            let shown = stats::try_ask(self.master(), "show proc", SOON).ok()?;
            let mut rows = shown.lines();
            rows.find(|row| row.split_whitespace().next() == Some(&worker))?;
            Some(())
        });
    }
}
