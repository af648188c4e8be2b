//! The order in which a real systemd starts and stops units, with the double of the agent.

use crate::double::{self, CONFIG, NEEDS};
use crate::machine::Machine;

/// An app that notes its start and its SIGTERM, and has started once it has noted that. None of our units
/// knows its name.
const APP: &str = "\
[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/bash -c 'say() { echo \"$$(date +%%s.%%N) %p $$*\" >>/work/log; }; \
    trap \"say SIGTERM; exit 0\" TERM; say started; systemd-notify --ready; \
    while :; do sleep 0.05; done'
[Install]
WantedBy=multi-user.target
";

const DROP_IN: &str = include_str!("../../systemd/app-drain.conf");

fn boot(more: &[(&str, &str)]) -> Machine {
    let files: Vec<_> = NEEDS.iter().chain([&CONFIG]).chain(more).copied().collect();
    let machine = Machine::boot(&files);
    double::package(&machine.work(), "1.0-1");
    machine.sh("dpkg -i /work/1.0-1.deb");
    machine
}

/// The log has all of these lines, in this order.
fn in_order(log: &str, wanted: &[&str]) {
    let mut rest = log.lines();
    for line in wanted {
        let found = rest.any(|noted| noted.split_once(' ').is_some_and(|(_, what)| what == *line));
        assert!(found, "{line:?}, of {wanted:?}, in\n{log}");
    }
}

/// Empties the log.
fn forget(machine: &Machine) {
    machine.sh(": >/work/log");
}

#[test]
fn a_reboot_drains_before_any_app_stops() {
    let machine = boot(&[
        ("/etc/systemd/system/shop.service", APP),
        (
            "/etc/systemd/system/desk.service",
            &APP.replace("multi-user", "graphical"),
        ),
    ]);
    machine.sh("systemctl enable --now shop desk");
    forget(&machine);
    machine.reboot();
    for app in ["shop", "desk"] {
        let (stops, starts) = (format!("{app} SIGTERM"), format!("{app} started"));
        in_order(
            &machine.log(),
            &["draining", "drained", &stops, &starts, "agent run"],
        );
    }
    let journal = machine.sh("journalctl -q");
    assert!(!journal.contains("ordering cycle"), "{journal}");
}

const OPEN: &str = "agent open web --owner haproxy-gate-drain@web.service";
const CLOSE: &str = "agent close web --owner haproxy-gate-drain@web.service";

fn with_drop_in() -> Machine {
    let machine = boot(&[
        ("/etc/systemd/system/web.service", APP),
        (
            "/etc/systemd/system/web.service.d/haproxy-gate.conf",
            DROP_IN,
        ),
    ]);
    machine.sh("systemctl enable --now web");
    machine.wait("open gate", || machine.log().contains("opened"));
    in_order(&machine.log(), &["web started", OPEN, "opened"]);
    machine
}

#[test]
fn the_drop_in_drains_around_a_restart_and_a_stop() {
    let machine = with_drop_in();
    forget(&machine);
    machine.sh("systemctl restart web");
    machine.wait("open gate", || machine.log().contains("opened"));
    let around = [
        CLOSE,
        "closed",
        "web SIGTERM",
        "web started",
        OPEN,
        "opened",
    ];
    in_order(&machine.log(), &around);

    forget(&machine);
    machine.sh("systemctl stop web");
    in_order(&machine.log(), &[CLOSE, "closed", "web SIGTERM"]);
    assert!(!machine.log().contains("agent open"), "{}", machine.log());

    machine.sh("systemctl start web");
    machine.wait("open gate", || machine.log().contains("opened"));
    forget(&machine);
    machine.reboot();
    machine.wait("open gate", || machine.log().contains("opened"));
    in_order(&machine.log(), &around);
    in_order(&machine.log(), &["drained", "web SIGTERM"]);
}

/// The open gets SIGTERM, and the drain comes all the same.
#[test]
fn the_drop_in_drains_while_the_gates_still_open() {
    let machine = with_drop_in();
    machine.sh("echo 50 >/work/open-takes; timeout 30 systemctl restart web");
    forget(&machine);
    machine.wait("start of open", || {
        machine.sh("systemctl is-active haproxy-gate-drain@web || :") == "activating\n"
    });
    machine.sh("timeout 30 systemctl restart web");
    in_order(&machine.log(), &[CLOSE, "closed", "web SIGTERM"]);
}

#[test]
fn the_drop_in_drains_after_an_open_that_failed() {
    let machine = with_drop_in();
    machine.sh("echo 15 >/work/open-exits; systemctl restart web");
    for _ in 0..7 {
        forget(&machine);
        machine.sh("systemctl restart web");
        in_order(&machine.log(), &[CLOSE, "closed", "web SIGTERM"]);
    }
}
