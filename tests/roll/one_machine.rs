//! Restarts two apps beside their HAProxy on one machine, one after the other.

use std::time::Duration;

use lab::one_machine::OneMachine;
use lab::traffic::{RATE, Traffic};

#[test]
fn two_apps_restart_one_after_the_other() {
    let machine = OneMachine::start(
        "two_apps_restart_one_after_the_other",
        Duration::from_millis(500),
    );
    let agent = machine.agent();
    for app in &machine.apps {
        agent.open(app.name());
    }
    machine.haproxy.wait_until_all_up();
    let traffic = Traffic::start(&machine.host().namespace, "127.0.0.1:80", "/", RATE);
    for app in &machine.apps {
        agent.run("restart", app.name()).expect_exit(0);
    }
    let met = traffic.stop();
    met.assert_unnoticed();
    let boots = machine.apps.each_ref().map(|app| app.boots().len());
    assert_eq!(boots, [2, 2]);
    assert_eq!(machine.haproxy.trouble(), 0);
}
