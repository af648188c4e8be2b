//! The sidecar of a machine is stopped, killed, and asked to read its configuration again.

use std::io::{Read, Write};
use std::thread::sleep;
use std::time::Duration;

use crate::pair::{Pair, settings};
use crate::repairs::{assert_goes_on, assert_repairs};
use lab::machine::Machine;
use lab::monitor::Monitor;
use lab::{namespace, now, wait_for};

const UNIT: &str = "haproxy-gate.service";

/// No gate moves, because the machine stays up. The next sidecar goes on.
#[test]
fn a_stop_leaves_the_gates_as_they_are() {
    let pair = Pair::up("m_stop");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let began = now();
    for verb in ["stop", "start", "restart"] {
        machine.succeed(&["systemctl", verb, UNIT]);
        if verb == "stop" {
            assert_eq!(show(machine, "ActiveState"), "inactive");
            assert_eq!(show(machine, "Result"), "success");
            let said = show(machine, "StatusText");
            assert_eq!(said, "stopped, the gates stay as they are");
        }
    }
    let said = machine.journal(UNIT, began);
    let stays = said
        .iter()
        .filter(|entry| entry.message.contains("this machine stays up"));
    assert_eq!(stays.count(), 2, "{said:#?}");
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    assert_goes_on(&pair, &monitor, began);
    pair.assert_unnoticed(traffic);
}

/// It takes the host out of rotation, drains it, and leaves the app alone.
#[test]
fn a_stop_drains_with_on_stop() {
    let pair = Pair::up("m_stop_drain");
    let machine = pair.machine(1);
    write_config(machine, &settings().set("agent.on_stop", "drain").text());
    machine.succeed(&["systemctl", "reload", UNIT]);
    let traffic = pair.traffic();
    let request = pair.slow_request(2000);
    let began = now();
    machine.succeed(&["systemctl", "stop", UNIT]);
    let stopped = now();
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.ended_at < stopped, "it did not wait for the request");
    pair.wait_until_both_said("DOWN", began);
    assert_eq!(show(machine, "ActiveState"), "inactive");
    assert_eq!(show(machine, "Result"), "success");
    assert_logged(machine, "PHASE=drain", "web: until nothing is in flight");
    assert_logged(machine, "BALANCER=tcp://10.77.0.1:9999", "srvs/web1 UP");
    sleep(Duration::from_secs(1));
    assert_eq!(pair.host(1).gates_are_open(), [false; 2]);
    machine.succeed(&["systemctl", "start", UNIT]);
    pair.wait_until_up(1);
    assert_eq!(machine.app.boots().len(), 1, "the app was left alone");
    pair.assert_unnoticed(traffic);
}

/// The journal finds the entry by its field.
fn assert_logged(machine: &Machine, field: &str, says: &str) {
    machine.succeed(&["journalctl", "--sync"]);
    let found = machine.succeed(&["journalctl", "--output=cat", "APP=web", field]);
    assert!(found.contains(says), "{says:?} by {field} in\n{found}");
}

/// systemd starts it again, and no gate moves in between.
#[test]
fn systemd_starts_a_killed_sidecar_again() {
    let pair = Pair::up("m_killed");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let (pid, began) = (show(machine, "MainPID"), now());
    machine.succeed(&[
        "systemctl",
        "kill",
        "--signal=KILL",
        "--kill-whom=main",
        UNIT,
    ]);
    wait_for("systemd to start it again", Duration::from_secs(20), || {
        (show(machine, "NRestarts") == "1" && show(machine, "ActiveState") == "active")
            .then_some(())
    });
    println!("active again after {:.2} s", now() - began);
    assert_ne!(show(machine, "MainPID"), pid);
    sleep(Duration::from_secs(1));
    assert_goes_on(&pair, &monitor, began);
    pair.assert_unnoticed(traffic);
}

/// The sidecar reports a bad configuration and goes on with the old one. Then it takes a good one.
#[test]
fn a_reload_takes_only_a_good_configuration() {
    let pair = Pair::up("m_reload");
    let machine = pair.machine(1);
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let (pid, began) = (show(machine, "MainPID"), now());
    let good = settings().set("agent.metrics", "127.0.0.1:9127");
    let bad = settings().set("app.web.prot", 1000);

    write_config(machine, &bad.text());
    let reload = ["systemctl", "reload", UNIT];
    let refused = machine.run(&reload);
    assert_ne!(refused.exit, 0, "{}{}", refused.out, refused.err);
    let said = machine.journal(UNIT, began);
    let reported = said.iter().any(|entry| entry.message.contains("prot"));
    assert!(reported, "{said:#?}");
    // The same without the dry run that `systemctl reload` makes first.
    machine.succeed(&[
        "systemctl",
        "kill",
        "--signal=HUP",
        "--kill-whom=main",
        UNIT,
    ]);
    wait_for(
        "a log entry of the sidecar",
        Duration::from_secs(10),
        || show(machine, "StatusText").contains("prot").then_some(()),
    );
    assert_repairs(&pair, &monitor, &["iptables -t nat -F"]);

    assert_eq!(metrics(&pair), None);
    write_config(machine, &good.text());
    machine.succeed(&reload);
    let answer = || metrics(&pair);
    let metrics = wait_for("metrics", Duration::from_secs(10), answer);
    assert!(metrics.contains("haproxy_gate_"), "{metrics}");
    assert_repairs(&pair, &monitor, &["iptables -t nat -F"]);

    assert_eq!(show(machine, "MainPID"), pid);
    assert_eq!(show(machine, "NRestarts"), "0");
    pair.assert_unnoticed(traffic);
}

/// A property of the sidecar's unit in systemd.
pub fn show(machine: &Machine, property: &str) -> String {
    let said = machine.succeed(&["systemctl", "show", "--value", "-p", property, UNIT]);
    said.trim().to_owned()
}

fn write_config(machine: &Machine, text: &str) {
    let path = machine.path("/etc/haproxy-gate/agent.toml");
    std::fs::write(path, text).expect("a configuration");
}

/// The answer of machine 1 on the metrics address of the new configuration.
fn metrics(pair: &Pair) -> Option<String> {
    let address = "127.0.0.1:9127".parse().expect("an address");
    let mut stream = namespace::connect(&pair.host(1).namespace.path(), address).ok()?;
    let request = "GET /metrics HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
