//! Restarts of a machine's app: by the agent, by its unit, and by plain systemctl with the drop-in
//! in the app's unit.

use std::thread::sleep;
use std::time::Duration;

use crate::pair::Pair;
use lab::agent::Ended;
use lab::now;

#[test]
fn the_agent_restarts_the_unit() {
    let pair = Pair::up("m_agent");
    let ended = restarted_by(&pair, &["agent", "restart", "web", "--json"]);
    assert_eq!(ended.report().outcome, "restarted");
}

#[test]
fn the_restart_unit_restarts_the_app() {
    let pair = Pair::up("m_unit");
    restarted_by(&pair, &["systemctl", "start", "haproxy-gate-restart@web"]);
    // The agent leaves a held host alone, and that is no failure.
    let machine = pair.machine(1);
    machine.succeed(&["agent", "close", "web", "--reason", "disk swap"]);
    let began = now();
    machine.succeed(&["systemctl", "start", "haproxy-gate-restart@web"]);
    assert_eq!(machine.app.boots().len(), 2);
    assert_eq!(pair.host(1).gates_are_open(), [false; 2]);
    let said = machine.journal("haproxy-gate-restart@web", began);
    let skips = |message: &str| message.contains("skipped: ") && message.contains("disk swap");
    assert!(said.iter().any(|entry| skips(&entry.message)), "{said:#?}");
}

/// During a restart by the agent, the drop-in's close and open do nothing.
#[test]
fn the_agent_restarts_a_unit_with_the_drop_in() {
    let pair = Pair::up("m_agent_drop_in");
    install_drop_in(&pair);
    let began = now();
    restarted_by(&pair, &["systemctl", "start", "haproxy-gate-restart@web"]);
    sleep(Duration::from_secs(1));
    assert_eq!(pair.host(1).gates_are_open(), [true; 2]);
    let said = pair.machine(1).journal("haproxy-gate-drain@web", began);
    let left = |message: &str| message.contains("left to `agent restart web`");
    assert!(said.iter().any(|entry| left(&entry.message)), "{said:#?}");
}

/// The command restarts the app of machine 1 under traffic. It returns when HAProxy shows the app
/// UP.
fn restarted_by(pair: &Pair, command: &[&str]) -> Ended {
    let traffic = pair.traffic();
    let began = now();
    let mut ended = None;
    stopped_out_of_rotation(pair, || {
        ended = Some(pair.machine(1).run(command).expect_exit(0));
    });
    let ended = ended.expect("it ran");
    let up = pair.wait_until_both_said("UP", began);
    assert!(up < ended.at, "UP {:.2} s after its return", up - ended.at);
    assert_eq!(pair.machine(1).app.boots().len(), 2);
    pair.assert_unnoticed(traffic);
    ended
}

/// The command stops the app of machine 1 while a request is in flight. The app stops only after
/// HAProxy has logged both lines DOWN and the request has its answer.
fn stopped_out_of_rotation(pair: &Pair, stop: impl FnOnce()) {
    let app = &pair.machine(1).app;
    let boot = app.boots().pop().expect("a boot");
    let request = pair.slow_request(1500);
    let began = now();
    stop();
    let stopped = app.stopped(&boot).expect("a stop");
    let down = pair.wait_until_both_said("DOWN", began);
    assert!(down < stopped, "stopped {:.2} s before", down - stopped);
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let early = answer.ended_at - stopped;
    assert!(early < 0.0, "stopped {early:.2} s before the answer");
}

#[test]
fn systemctl_restart_drains_with_the_drop_in() {
    let pair = Pair::up("m_drop_in");
    let machine = pair.machine(1);
    install_drop_in(&pair);
    let traffic = pair.traffic();
    let began = now();
    stopped_out_of_rotation(&pair, || {
        machine.succeed(&["systemctl", "restart", "web"]);
    });
    let up = pair.wait_until_both_said("UP", began);
    assert_eq!(machine.app.boots().len(), 2);
    // HAProxy does not show it UP before the app is back.
    let healthy = machine.app.first_healthy().expect("a healthy app");
    assert!(up > healthy, "UP {:.2} s before", healthy - up);
    pair.assert_unnoticed(traffic);
}

#[test]
fn systemctl_stop_drains_with_the_drop_in() {
    let pair = Pair::up("m_stop_start");
    let machine = pair.machine(1);
    install_drop_in(&pair);
    let traffic = pair.traffic();
    stopped_out_of_rotation(&pair, || {
        machine.succeed(&["systemctl", "stop", "web"]);
    });
    let stopped = now();
    sleep(Duration::from_secs(2));
    assert_eq!(pair.host(1).gates_are_open(), [false; 2]);
    assert_eq!(pair.both_said("UP", stopped), None);
    machine.succeed(&["systemctl", "start", "web"]);
    pair.wait_until_up(1);
    assert_eq!(machine.app.boots().len(), 2);
    pair.assert_unnoticed(traffic);
}

/// The steps in the drop-in's own comment.
pub fn install_drop_in(pair: &Pair) {
    let machine = pair.machine(1);
    machine.succeed(&[
        "install",
        "-D",
        "-m",
        "644",
        "/usr/share/doc/haproxy-gate/examples/app-drain.conf",
        "/etc/systemd/system/web.service.d/haproxy-gate.conf",
    ]);
    machine.succeed(&["systemctl", "daemon-reload"]);
    machine.succeed(&["systemctl", "start", "haproxy-gate-drain@web"]);
}
