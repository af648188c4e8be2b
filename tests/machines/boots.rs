//! A machine boots and reboots.

use std::thread::sleep;
use std::time::Duration;

use crate::pair::{Pair, configured};
use crate::restarts::install_drop_in;
use lab::now;

/// Package and configuration are there, and no operator opens anything.
#[test]
fn a_boot_opens_the_gates() {
    let mut pair = Pair::without_the_first("m_boot");
    let traffic = pair.traffic();
    let began = now();
    pair.boot(1, &configured(1), true).wait_until_booted();
    let up = pair.wait_until_both_said("UP", began);
    let healthy = pair.machine(1).app.first_healthy().expect("a healthy app");
    assert!(up > healthy, "UP {:.2} s before", healthy - up);
    println!("UP {:.2} s after the app was healthy", up - healthy);
    // The users of machine 1 come back.
    sleep(Duration::from_secs(1));
    pair.assert_unnoticed(traffic);
}

/// The sidecar drains the host before the app stops, and opens it after the boot.
#[test]
fn a_reboot_drains_first() {
    reboots(&Pair::up("m_reboot"));
}

/// The sidecar and the drop-in both drain, at the same time.
#[test]
fn a_reboot_with_the_drop_in_drains_first() {
    let pair = Pair::up("m_reboot_drop_in");
    install_drop_in(&pair);
    reboots(&pair);
}

fn reboots(pair: &Pair) {
    let traffic = pair.traffic();
    let request = pair.slow_request(1500);
    let stopped = reboot(pair, now());
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let early = answer.ended_at - stopped;
    assert!(early < 0.0, "stopped {early:.2} s before the answer");
    let up = pair.wait_until_both_said("UP", stopped);
    println!("UP {:.2} s after the app was stopped", up - stopped);
    sleep(Duration::from_secs(1));
    pair.assert_unnoticed(traffic);
}

/// A host that an operator closed is closed after a reboot, until he opens it.
#[test]
fn a_hold_survives_a_reboot() {
    let pair = Pair::up("m_reboot_closed");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let began = now();
    machine.succeed(&["agent", "close", "web"]);
    let stopped = reboot(&pair, began);
    machine.wait_until_booted();
    machine.app.wait_until_listening();
    sleep(Duration::from_secs(2));
    pair.assert_serves();
    assert_eq!(pair.host(1).gates_are_open(), [false; 2]);
    assert_eq!(pair.both_said("UP", stopped), None);
    machine.succeed(&["agent", "open", "web"]);
    pair.wait_until_up(1);
    pair.assert_unnoticed(traffic);
}

/// Reboots machine 1, and returns when its app stopped: after HAProxy has shown it out of rotation.
fn reboot(pair: &Pair, since: f64) -> f64 {
    let machine = pair.machine(1);
    let boots = machine.app.boots();
    machine.reboot();
    // No service restores the rules.
    assert!(machine.console().contains("the rules are gone"));
    let stopped = machine.app.stopped(boots.last().expect("a boot"));
    let stopped = stopped.expect("a stop");
    let down = pair.wait_until_both_said("DOWN", since);
    assert!(down < stopped, "stopped {:.2} s before", down - stopped);
    machine.app.wait_for_boot_after(boots.len());
    stopped
}
