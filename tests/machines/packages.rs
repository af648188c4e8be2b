//! Installs, removes and purges the package on a running machine.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::package;
use crate::pair::Pair;
use crate::readme;
use crate::restarts::install_drop_in;
use crate::sidecar::show;
use lab::machine::Machine;
use lab::now;
use lab::site::Host;

/// Only the package, and the lines of the README.
#[test]
fn an_installation_opens_the_gates() {
    let pair = Pair::with_a_bare_first("m_install");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    install(machine, &package::built());
    // Without a configuration the sidecar has nothing to do. That is not a failure.
    assert_eq!(show(machine, "ActiveState"), "inactive");
    let config = machine.path("/etc/haproxy-gate/agent.toml");
    fs::write(config, readme::configuration()).expect("a configuration");
    let commands = readme::commands();
    let mut commands = commands.iter().map(String::as_str);
    assert_eq!(commands.next(), Some("systemctl enable --now haproxy-gate"));
    machine.succeed(&["systemctl", "enable", "--now", "haproxy-gate"]);
    pair.wait_until_up(1);
    sleep(Duration::from_secs(1));
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    let rest: Vec<&str> = commands.collect();
    assert!(rest.contains(&"agent restart web"), "{rest:?}");
    for command in rest {
        machine.succeed(&["sh", "-euc", command]);
    }
    assert_eq!(machine.app.boots().len(), 2);
    pair.assert_unnoticed(traffic);
}

/// The app serves and no rule of ours is left. HAProxy sends it no users, because nothing answers
/// on the status ports.
#[test]
fn a_removal_leaves_no_rules() {
    let pair = Pair::up("m_remove");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let request = pair.slow_request(1500);
    let began = now();
    machine.succeed(&["apt-get", "remove", "--quiet", "--yes", "haproxy-gate"]);
    // The removal waits for nothing, and the app runs on.
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    pair.wait_until_both_said("DOWN", began);
    assert_no_rules(pair.host(1));
    pair.assert_serves();

    machine.succeed(&["apt-get", "purge", "--quiet", "--yes", "haproxy-gate"]);
    assert!(!machine.path("/var/lib/haproxy-gate").exists());
    assert!(!machine.path("/run/haproxy-gate").exists());
    assert!(machine.path("/etc/haproxy-gate/agent.toml").exists());
    assert_no_rules(pair.host(1));
    assert_eq!(pair.both_said("UP", began), None);

    // The configuration remains.
    install(machine, &package::built());
    pair.wait_until_up(1);
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    pair.assert_unnoticed(traffic);
}

/// The rest of the drop-in names a unit that does not exist: the app stops and starts without it.
#[test]
fn a_removal_beside_the_drop_in_leaves_the_app_alone() {
    let pair = Pair::up("m_remove_drop_in");
    let machine = pair.machine(1);
    install_drop_in(&pair);
    let traffic = pair.traffic();
    machine.succeed(&["apt-get", "remove", "--quiet", "--yes", "haproxy-gate"]);
    assert_no_rules(pair.host(1));
    let began = now();
    machine.succeed(&["systemctl", "restart", "web"]);
    let took = now() - began;
    // systemd gives up a unit after a minute and a half.
    assert!(took < 20.0, "the restart took {took:.2} s");
    machine.app.wait_for_boot_after(1);
    machine.app.wait_until_listening();
    pair.assert_serves();
    assert_no_rules(pair.host(1));
    pair.assert_unnoticed(traffic);
}

pub fn install(machine: &Machine, deb: &Path) {
    let place = "/root/another.deb";
    fs::copy(deb, machine.path(place)).expect("a copy");
    machine.succeed(&["apt-get", "install", "--quiet", "--yes", place]);
}

fn assert_no_rules(host: &Host) {
    for iptables in ["iptables", "ip6tables"] {
        let rules = host.namespace.run(iptables, &["-t", "nat", "-S"]);
        assert!(!rules.contains("HAPROXY-GATE"), "{rules}");
    }
}
