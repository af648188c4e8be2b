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

/// Nothing else serves this backend, so no user is there while both are closed.
#[test]
fn the_machine_is_taken_out_and_brought_back_with_all_its_apps() {
    let machine = OneMachine::start("one_machine_all", Duration::ZERO);
    let agent = machine.agent();
    agent.words(&["open", "--all"]).expect_exit(0);
    machine.haproxy.wait_until_all_up();
    let traffic = Traffic::start(&machine.host().namespace, "127.0.0.1:80", "/", RATE);
    // Both serve one backend: without the first one nothing is left but the second.
    let ended = agent.words(&["close", "--all"]).expect_exit(12);
    for says in [
        "one: closed",
        "two: refused: ",
        "to undo it: `agent open one`",
    ] {
        let out = format!("{}{}", ended.out, ended.err);
        assert!(out.contains(says), "wanted {says:?} in {out}");
    }
    agent.words(&["open", "--all"]).expect_exit(0);
    machine.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
    let agent = machine.agent_with(|settings| {
        let settings = settings.set("app.one.min_available", 0);
        settings.set("app.two.min_available", 0)
    });
    let closed = agent.words(&["close", "--all", "--reason", "a disk"]);
    let closed = closed.expect_exit(0);
    assert!(
        closed.out.contains("to undo it: `agent open --all`"),
        "{closed:?}"
    );
    machine.haproxy.wait_until("all are DOWN", |lines| {
        lines.iter().all(|line| line.status() == "DOWN")
    });
    agent.words(&["open", "--all"]).expect_exit(0);
    let traffic = Traffic::start(&machine.host().namespace, "127.0.0.1:80", "/", RATE);
    std::thread::sleep(Duration::from_millis(500));
    traffic.stop().assert_unnoticed();
    assert_eq!(machine.apps.each_ref().map(|app| app.boots().len()), [1, 1]);
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
