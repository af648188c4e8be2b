//! Upgrades the package on a running machine.

use std::thread::sleep;
use std::time::Duration;

use crate::package;
use crate::packages::install;
use crate::pair::Pair;
use crate::repairs::assert_goes_on;
use crate::sidecar::show;
use lab::machine::Machine;
use lab::monitor::Monitor;
use lab::{now, wait_for};

/// The same process goes on as the new program, and no rule changes.
#[test]
fn an_upgrade_renews_the_sidecar_in_place() {
    let pair = Pair::up("m_upgrade");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let (pid, began) = (show(machine, "MainPID"), now());
    let before = program_of(machine, &pid);
    install(machine, &package::newer(&pair.site.dir));
    let version = [
        "dpkg-query",
        "--show",
        "--showformat=${Version}",
        "haproxy-gate",
    ];
    assert_eq!(machine.succeed(&version).trim(), package::NEWER);
    let renewed = wait_for("the new program", Duration::from_secs(10), || {
        let program = program_of(machine, &pid);
        (program == program_of(machine, "installed")).then_some(program)
    });
    assert_ne!(renewed, before);
    sleep(Duration::from_secs(2));
    assert_eq!(show(machine, "MainPID"), pid, "the same process");
    assert_eq!(show(machine, "NRestarts"), "0");
    assert_eq!(show(machine, "ActiveState"), "active");
    assert_goes_on(&pair, &monitor, began);
    pair.assert_unnoticed(traffic);
}

/// The old program goes on if the new one refuses the configuration.
#[test]
fn an_upgrade_that_refuses_leaves_the_old_program() {
    let pair = Pair::up("m_refuses");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let (pid, began) = (show(machine, "MainPID"), now());
    let before = program_of(machine, &pid);
    install(machine, &package::that_refuses(&pair.site.dir));
    wait_for(
        "a log entry of the sidecar",
        Duration::from_secs(10),
        || {
            let said = machine.journal("haproxy-gate", began);
            let mut said = said.iter();
            said.find(|entry| entry.message.contains("the old program continues"))
                .cloned()
        },
    );
    assert_eq!(show(machine, "MainPID"), pid, "the same process");
    assert_eq!(program_of(machine, &pid), before, "the same program");
    assert_goes_on(&pair, &monitor, began);
    pair.assert_unnoticed(traffic);
}

/// The inode of the program of a process, or of the installed one: both have the same name.
fn program_of(machine: &Machine, pid: &str) -> String {
    let path = match pid {
        "installed" => "/usr/sbin/agent".to_owned(),
        pid => format!("/proc/{pid}/exe"),
    };
    let stat = ["stat", "--dereference", "--format=%i %n", &path];
    let said = machine.succeed(&stat);
    said.split(' ').next().expect("an inode").to_owned()
}
