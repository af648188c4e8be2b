//! A switch beside other operations: of two operators on two hosts, of a restart on the same host, and
//! on a host that an operator holds closed.

use nix::sys::signal::Signal;
use std::time::Duration;

use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::met::Meeting;
use crate::rolls::print_phases;

#[test]
fn two_operators_switch_two_hosts_at_once() {
    let farm = Farm::open("two_at_once", 3, Lines::with_twins());
    let meeting = Meeting::begin(&farm);
    let agents = [1, 2].map(|number| farm.agent(number, |settings| settings));
    let words = ["switch", "web", "--json", "--reason", "release 2"];
    let running = agents.each_ref().map(|agent| agent.start_words(&words));
    let ended = running.map(|one| one.wait().expect_exit(0));
    let met = meeting.end();
    met.print("two at once");
    ended.iter().for_each(print_phases);
    met.assert_unnoticed();
    for number in [1, 2] {
        farm.assert_current(number, GREEN);
    }
    farm.assert_current(3, BLUE);
    for agent in &agents {
        let history = agent.words(&["history", "--json"]).expect_exit(0).json();
        let all = history["operations"].as_array().expect("a list");
        let last = all.last().expect("an operation");
        for (key, value) in [
            ("verb", "switch"),
            ("from", BLUE),
            ("to", GREEN),
            ("outcome", "switched"),
            ("reason", "release 2"),
        ] {
            assert_eq!(last[key], value, "{key}: {last:#}");
        }
    }
}

/// A restart has the lock, here in its drain; and a switch has it, too.
#[test]
fn one_operation_at_a_time() {
    let farm = Farm::open("one_at_a_time", 2, Lines::with_twins());
    let agent = farm.agent(1, |settings| settings);
    let request = farm.slow_request(1, 4000);
    let restart = agent.start("restart", "web");
    farm.host(1).wait_for_phase("drain");
    let refused = agent.run("switch", "web").expect_exit(10).report();
    assert!(refused.message.contains("restart"), "{}", refused.message);
    restart.wait().expect_exit(0);
    assert_eq!(request.answer().status, 200);
    farm.assert_current(1, BLUE);

    farm.target(1, GREEN).set_cold(Duration::from_secs(2));
    let switch = agent.start("switch", "web");
    farm.host(1).wait_for_phase("healthy");
    let others = ["restart", "close", "switch"].map(|verb| agent.start(verb, "web"));
    for refused in others.map(|other| other.wait().expect_exit(10).report()) {
        assert!(refused.message.contains("switch"), "{}", refused.message);
    }
    switch.wait().expect_exit(0);
    farm.assert_current(1, GREEN);
}

#[test]
fn a_host_that_is_held_closed_refuses_a_switch() {
    let farm = Farm::open("held", 2, Lines::with_twins());
    let agent = farm.agent(1, |settings| settings);
    agent.run("close", "web").expect_exit(0);
    let rules = farm.host(1).rules();
    let refused = agent.run("switch", "web").expect_exit(11).report();
    assert!(
        refused.message.contains("held closed"),
        "{}",
        refused.message
    );
    assert_eq!(farm.host(1).rules(), rules);
    assert!(!farm.target(1, GREEN).is_running());
    agent.open("web");
    farm.wait_until_current(BLUE);
}

/// Ctrl-C before the new target has users: it is stopped again, and no user has noticed.
#[test]
fn an_interrupted_switch_is_withdrawn() {
    let farm = Farm::open("interrupted", 1, Lines::with_twins());
    let meeting = Meeting::begin(&farm);
    let running = farm.agent(1, |settings| settings).start("switch", "web");
    farm.host(1).wait_for_phase("healthy");
    running.interrupt(Signal::SIGINT);
    let report = running.wait().expect_exit(130).report();
    println!("{}", report.message);
    farm.target(1, GREEN).wait_until_stopped();
    farm.assert_current(1, BLUE);
    meeting.end().assert_unnoticed();
}
