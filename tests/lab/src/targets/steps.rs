//! A switch by hand, in the order of the agent: start, open the new one, until UP; close the old
//! one, until DOWN; wait until nothing is in flight; stop.

use std::time::Duration;

use super::farm::Farm;
use crate::haproxy::Haproxy;
use crate::wait_for;

impl Farm {
    /// Returns when the old target is stopped.
    pub fn switch_by_hand(&self, number: usize, from: &str, to: &str) {
        let (old, new) = (self.target(number, from), self.target(number, to));
        let namespace = &self.host(number).namespace;
        let name = |stage: &str, target: &str| format!("{stage}{number}-{target}");
        new.start(namespace, Duration::from_secs(1));
        self.set_gate(number, new.status_port(), new, true);
        shows(&self.haproxy, &name("web", to), "UP");
        self.set_gate(number, old.status_port(), old, false);
        shows(&self.haproxy, &name("web", from), "DOWN");
        if self.lines.twins {
            // Its users have the new main line by then, and wait for no twin.
            self.set_gate(number, new.backup_status_port(), new, true);
            self.set_gate(number, old.backup_status_port(), old, false);
            shows(&self.haproxy, &name("bkp", to), "UP");
            shows(&self.haproxy, &name("bkp", from), "DOWN");
        }
        drained(&self.haproxy, &name("web", from));
        old.stop(namespace);
    }
}

fn shows(haproxy: &Haproxy, line: &str, status: &str) {
    haproxy.wait_until(&format!("{line} is {status}"), |lines| {
        let mut lines = lines.iter();
        lines.any(|one| one.get("svname") == line && one.status() == status)
    });
}

/// No request is in flight on the line, twice in a row.
fn drained(haproxy: &Haproxy, line: &str) {
    let mut quiet = 0;
    wait_for("a drained line", Duration::from_secs(20), || {
        let busy = haproxy.server(line).number("scur") > 0;
        quiet = if busy { 0 } else { quiet + 1 };
        (quiet == 2).then_some(())
    });
}
