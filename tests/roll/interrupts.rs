//! SIGINT and SIGTERM in each phase. Before the agent has touched the app it reopens and leaves.
//! After that it first makes the host safe.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use lab::fleet::{Fleet, Layout};
use lab::reference::{QUICK, Reference};

/// The signals with their exit codes, and the host for each.
const SIGNALS: [(Signal, i32, usize); 2] = [(Signal::SIGINT, 130, 1), (Signal::SIGTERM, 143, 2)];

#[test]
fn a_signal_while_closing_reopens() {
    let fleet = slow_fleet("int_close");
    let gate = |number| fleet.host(number).wait_for_gate(2000, false);
    interrupt_each(&fleet, 0, |_| {}, gate);
}

#[test]
fn a_signal_while_draining_reopens() {
    let fleet = Fleet::two_stage("int_drain");
    fleet.open_gates();
    let mut requests = Vec::new();
    let asks = |number| requests.push(fleet.held_request(number));
    let drains = |number| {
        fleet.host(number).wait_for_phase("drain");
    };
    interrupt_each(&fleet, 0, asks, drains);
    for request in requests {
        let answer = request.answer();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[test]
fn a_signal_while_restarting_completes_the_restart() {
    let fleet = Fleet::two_stage("int_restart");
    fleet.open_gates();
    let slowly = |number| fleet.app(number).set_cold(Duration::from_secs(2));
    let boots = |number| {
        fleet.app(number).wait_for_boot_after(1);
        fleet.host(number).wait_for_phase("healthy");
    };
    interrupt_each(&fleet, 1, slowly, boots);
}

#[test]
fn a_signal_while_opening_completes_the_restart() {
    let fleet = slow_fleet("int_open");
    let gate = |number| {
        fleet.host(number).wait_for_gate(2000, false);
        fleet.host(number).wait_for_gate(2000, true);
    };
    interrupt_each(&fleet, 1, |_| {}, gate);
}

/// Prepares a restart, and interrupts it as soon as `phase` has seen its phase begin. At the end the
/// gates are open, the app has booted so many times more, and no user has noticed.
fn interrupt_each(
    fleet: &Fleet,
    more_boots: usize,
    mut prepare: impl FnMut(usize),
    phase: impl Fn(usize),
) {
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    for (signal, exit, number) in SIGNALS {
        let agent = fleet.agent(number, |settings| settings);
        prepare(number);
        let restarting = agent.start("restart", "web");
        phase(number);
        restarting.interrupt(signal);
        let ended = restarting.wait().expect_exit(exit);
        assert_eq!(ended.report().exit, exit);
        let host = fleet.host(number);
        assert!(
            host.gate_is_open(2000) && host.gate_is_open(3000),
            "{}",
            ended.out
        );
        assert_eq!(fleet.boots()[number - 1], boots[number - 1] + more_boots);
        sleep(Duration::from_millis(500));
        fleet.haproxy.wait_until_all_up();
    }
    traffic.stop().assert_unnoticed();
}

/// A fleet whose checks leave time to interrupt.
fn slow_fleet(test: &str) -> Fleet {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 1s fastinter 1s downinter 700ms");
    let fleet = Fleet::with(test, Layout::TwoStage, slow);
    fleet.open_gates();
    fleet
}
