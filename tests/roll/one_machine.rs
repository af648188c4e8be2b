//! Restarts two apps beside their HAProxy on one machine, one after the other.

use std::time::Duration;

use lab::one_machine::OneMachine;
use lab::traffic::{RATE, Traffic};

#[test]
fn two_apps_restart_one_after_the_other() {
    let machine = OneMachine::start("one_machine", Duration::from_millis(500));
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

/// A rule in OUTPUT redirects HAProxy's check on this host. The agent can't know that HAProxy runs
/// here: it warns, and names the rule once HAProxy still shows UP behind the closed gate.
#[test]
fn a_redirect_of_everything_that_this_host_sends_is_named() {
    let machine = OneMachine::start("one_machine_output", Duration::ZERO);
    let agent = machine.agent_with(|settings| {
        let key = "app.one.timeouts.out_of_rotation";
        settings.set(key, "2s")
    });
    agent.open("one");
    agent.open("two");
    machine.haproxy.wait_until_all_up();
    let rule = "OUTPUT -p tcp -j REDIRECT --to-ports 1000";
    let mut words = vec!["-t", "nat", "-A"];
    words.extend(rule.split(' '));
    machine.host().namespace.run("iptables", &words);
    let ended = agent.run("restart", "one");
    // The claim closes the twin's gate first.
    let cause = format!("this rule may redirect the status port 3000: `-A {rule}`");
    ended.expect(13, &cause);
    assert_eq!(machine.apps[0].boots().len(), 1);
}
