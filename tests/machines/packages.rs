//! The package is installed, upgraded, removed and purged on a machine that runs.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::lab::machine::Machine;
use crate::lab::monitor::Monitor;
use crate::lab::site::Host;
use crate::lab::{now, wait_for};
use crate::package;
use crate::pair::{Pair, settings};
use crate::repairs::assert_repairs;
use crate::sidecar::show;

/// Nothing but the package and a configuration.
#[test]
fn installed() {
    let pair = Pair::with_a_bare_first("m_install");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    install(machine, &package::built());
    // Without a configuration there is nothing to do, which is no failure.
    assert_eq!(show(machine, "ActiveState"), "inactive");
    let folder = machine.path("/etc/haproxy-gate");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("agent.toml"), settings().text()).expect("a configuration");
    machine.succeed(&["systemctl", "start", "haproxy-gate"]);
    pair.wait_until_up(1);
    sleep(Duration::from_secs(1));
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    pair.assert_unnoticed(traffic);
}

/// The same process goes on as the new program, and no rule is touched.
#[test]
fn upgraded() {
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
    let changes = monitor.commits(began);
    assert!(changes.is_empty(), "somebody changed rules: {changes:#?}");
    pair.assert_never_down(began);
    // The new one does its work.
    assert_repairs(&pair, &monitor, &["iptables -t nat -F"]);
    pair.assert_unnoticed(traffic);
}

/// The old program goes on where the new one does not like the configuration.
#[test]
fn upgraded_to_one_that_refuses() {
    let pair = Pair::up("m_refuses");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let (pid, began) = (show(machine, "MainPID"), now());
    let before = program_of(machine, &pid);
    install(machine, &package::that_refuses(&pair.site.dir));
    wait_for("the sidecar to tell of it", Duration::from_secs(10), || {
        let said = machine.journal("haproxy-gate", began);
        let mut said = said.iter();
        said.find(|entry| entry.message.contains("the old program goes on"))
            .cloned()
    });
    assert_eq!(show(machine, "MainPID"), pid, "the same process");
    assert_eq!(program_of(machine, &pid), before, "the same program");
    let changes = monitor.commits(began);
    assert!(changes.is_empty(), "somebody changed rules: {changes:#?}");
    pair.assert_never_down(began);
    assert_repairs(&pair, &monitor, &["iptables -t nat -F"]);
    pair.assert_unnoticed(traffic);
}

/// No rule of ours is left and the app serves, but HAProxy sends it nobody: nothing answers
/// on the status ports.
#[test]
fn removed_and_purged() {
    let pair = Pair::up("m_remove");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let request = pair.slow_request(1500);
    let began = now();
    machine.succeed(&["apt-get", "remove", "--quiet", "--yes", "haproxy-gate"]);
    let removed = now();
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.ended_at < removed, "it did not wait for the request");
    assert!(pair.both_said("DOWN", began).is_some(), "both lines DOWN");
    assert_no_rules(pair.host(1));
    pair.assert_serves();

    machine.succeed(&["apt-get", "purge", "--quiet", "--yes", "haproxy-gate"]);
    assert!(!machine.path("/var/lib/haproxy-gate").exists());
    assert!(!machine.path("/run/haproxy-gate").exists());
    assert!(machine.path("/etc/haproxy-gate/agent.toml").exists());
    assert_no_rules(pair.host(1));
    assert_eq!(pair.both_said("UP", began), None);

    // The configuration is still there.
    install(machine, &package::built());
    pair.wait_until_up(1);
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    pair.assert_unnoticed(traffic);
}

fn install(machine: &Machine, deb: &Path) {
    let place = "/root/another.deb";
    fs::copy(deb, machine.path(place)).expect("a copy");
    machine.succeed(&["apt-get", "install", "--quiet", "--yes", place]);
}

/// Which file a process runs, or which is installed: a name would not tell them apart.
fn program_of(machine: &Machine, pid: &str) -> String {
    let path = match pid {
        "installed" => "/usr/sbin/agent".to_owned(),
        pid => format!("/proc/{pid}/exe"),
    };
    let stat = ["stat", "--dereference", "--format=%i %n", &path];
    let said = machine.succeed(&stat);
    said.split(' ').next().expect("an inode").to_owned()
}

fn assert_no_rules(host: &Host) {
    for iptables in ["iptables", "ip6tables"] {
        let rules = host.namespace.run(iptables, &["-t", "nat", "-S"]);
        assert!(!rules.contains("HAPROXY-GATE"), "{rules}");
    }
}
