//! An app with two targets: the sidecar opens the current one only, follows a switch, keeps the idle
//! one closed and parked, and stops it when its time is over.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::leaving::drains;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use lab::wait_for;

/// The sidecar may list the rules up to 2 s late.
const SOON: Duration = Duration::from_secs(5);

fn sidecar(farm: &Farm) -> Sidecar {
    Sidecar::start(farm.host(1), farm.agent(1, |settings| settings))
}

fn record(farm: &Farm) -> serde_json::Value {
    let path = farm.host(1).dir.join("state/web.target");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn wait_until_at_rest(farm: &Farm, current: &str) {
    let idle = if current == BLUE { GREEN } else { BLUE };
    let (port, to) = (farm.target(1, idle).port(), farm.target(1, current).port());
    let (open, closed) = (farm.target(1, current), farm.target(1, idle));
    farm.host(1).wait_for_gate(open.status_port(), true);
    farm.host(1).wait_for_gate(closed.status_port(), false);
    wait_for("a parked idle target", SOON, || {
        (farm.host(1).parked(port) == Some(to)).then_some(())
    });
    farm.wait_until_current(current);
}

/// From the first start on: without a record the only healthy target is current. Later the sidecar
/// repairs the target that a switch has made current.
#[test]
fn it_opens_the_current_target_and_follows_a_switch() {
    let farm = Farm::start("sc_targets", 1, Lines::with_twins());
    let mut sidecar = sidecar(&farm);
    sidecar.wait_for_notification("web: blue is open, UP on 1 of 1 balancer");
    wait_until_at_rest(&farm, BLUE);
    farm.assert_current(1, BLUE);
    assert_eq!(record(&farm)["current"], BLUE);
    let before = farm.host(1).rules();

    let agent = farm.agent(1, |settings| settings);
    agent.words(&["switch", "web", "--json"]).expect_exit(0);
    sidecar.forget();
    sidecar.wait_for_notification("web: green is open, UP on 1 of 1 balancer");
    farm.assert_current(1, GREEN);

    // An operator restores the rules of a time when blue was current.
    flush(&farm);
    add(&farm, &before);
    wait_until_at_rest(&farm, GREEN);
    farm.assert_current(1, GREEN);
    let ended = sidecar.stop().expect_exit(0);
    assert!(ended.err.contains("web/green is current"), "{}", ended.err);
}

/// The idle target's gate is open, and no operation is under way. Its parking rule is lost.
#[test]
fn it_closes_an_idle_gate_and_parks_again() {
    let farm = Farm::open("sc_idle", 1, Lines::without_twins());
    let mut sidecar = sidecar(&farm);
    sidecar.wait_for_notification("web: blue is open");
    wait_until_at_rest(&farm, BLUE);
    let namespace = &farm.host(1).namespace;
    namespace.run("iptables", &["-t", "nat", "-F", "HAPROXY-GATE-PARK"]);
    wait_until_at_rest(&farm, BLUE);

    let green = farm.target(1, GREEN);
    green.start(namespace, Duration::ZERO);
    add(&farm, &gate_of_green(&farm));
    wait_until_at_rest(&farm, BLUE);
    farm.assert_current(1, BLUE);
    let ended = sidecar.stop();
    let says = "gates of green were open, although web/blue is current: the agent closed them";
    assert!(ended.err.contains(says), "{}", ended.err);
}

/// `keep` is over: the sidecar drains and stops the old target, and parks it.
#[test]
fn it_ends_the_time_of_a_ready_target() {
    let farm = Farm::open("sc_keep", 1, Lines::without_twins());
    let keeps = |settings: Settings| settings.set("app.web.keep", "3s");
    let agent = farm.agent(1, keeps);
    let mut sidecar = Sidecar::start(farm.host(1), farm.agent(1, keeps));
    agent.words(&["switch", "web", "--json"]).expect_exit(0);
    assert!(farm.target(1, BLUE).is_running(), "blue is ready");
    let status = agent.words(&["status", "web", "--json"]).json();
    let blue = &status["apps"][0]["targets"][0];
    assert_eq!(status["apps"][0]["target"], GREEN, "{status:#}");
    assert_eq!(blue["running"], true, "{blue:#}");
    assert!(blue["ready_until_unix_seconds"].is_u64(), "{blue:#}");
    let traffic = farm.traffic();
    farm.target(1, BLUE).wait_until_stopped();
    wait_until_at_rest(&farm, GREEN);
    farm.assert_current(1, GREEN);
    wait_for("a record without it", SOON, || {
        record(&farm)["ready"].is_null().then_some(())
    });
    traffic.stop().assert_unnoticed();
    sidecar.wait_for_notification("web: green is open");
    let status = agent.words(&["status", "web", "--json"]).expect_exit(0);
    let blue = &status.json()["apps"][0]["targets"][0];
    assert_eq!(blue["running"], false, "{blue:#}");
    assert_eq!(blue["parked"], true, "{blue:#}");
    let text = agent.words(&["status", "web"]).expect_exit(0).out;
    assert!(
        text.contains("\nweb/blue: stopped, parked on green\n"),
        "{text}"
    );
}

/// After a boot without a record both run: it opens none, and says what to run. With the record of a
/// sick target it names the healthy one.
#[test]
fn at_boot_the_record_decides() {
    let farm = Farm::start("sc_boot", 1, Lines::without_twins());
    let green = farm.target(1, GREEN);
    green.start(&farm.host(1).namespace, Duration::ZERO);
    let mut first = sidecar(&farm);
    let line = first.wait_for_notification("blue and green of web run and are healthy");
    for target in [BLUE, GREEN] {
        let command = format!("`agent open web --to {target}`");
        assert!(line.contains(&command), "{line}");
    }
    std::thread::sleep(Duration::from_millis(1200));
    for port in [2000, 2001] {
        assert!(!farm.host(1).gate_is_open(port), "{port}");
    }
    let agent = farm.agent(1, |settings| settings);
    agent
        .words(&["open", "web", "--to", GREEN, "--json"])
        .expect_exit(0);
    first.wait_for_notification("web: green is open");
    farm.assert_gates(1, GREEN);
    first.kill();

    // The machine boots: no rules, and green is sick.
    flush(&farm);
    green.set_sick(true);
    let mut second = sidecar(&farm);
    let line = second.wait_for_notification("web: green is not healthy: ");
    let says = "; blue is healthy: `agent open web --to blue` makes it current";
    assert!(line.ends_with(says), "{line}");
    assert!(!farm.host(1).gate_is_open(2000));
    green.set_sick(false);
    second.wait_for_notification("web: green is open");
    wait_until_at_rest(&farm, GREEN);
    farm.assert_gates(1, GREEN);
}

/// The configuration gets a second target, and loses it again. The current one stays open.
#[test]
fn a_reload_adds_and_removes_a_target() {
    let farm = Farm::start("sc_targets_load", 1, Lines::without_twins());
    let only_blue = |settings: Settings| settings.unset("app.web.target.green");
    let mut sidecar = Sidecar::start(farm.host(1), farm.agent(1, only_blue));
    sidecar.wait_for_notification("web: blue is open");
    let green = farm.target(1, GREEN);
    assert_eq!(farm.host(1).parked(green.port()), None);

    farm.agent(1, |settings| settings);
    sidecar.signal(Signal::SIGHUP);
    wait_until_at_rest(&farm, BLUE);
    let blue = record(&farm);

    farm.agent(1, only_blue);
    sidecar.signal(Signal::SIGHUP);
    wait_for("no parked port", SOON, || {
        farm.host(1).parked(green.port()).is_none().then_some(())
    });
    farm.assert_gates(1, BLUE);
    assert_eq!(record(&farm), blue);
    let ended = sidecar.stop().expect_exit(0);
    let says = "web/green: no longer in the configuration";
    assert!(ended.err.contains(says), "{}", ended.err);
}

/// SIGKILL in the middle of a switch: the sidecar goes on or back, by itself.
#[test]
fn it_recovers_a_switch_that_was_cut_short() {
    let farm = Farm::open("sc_cut", 1, Lines::without_twins());
    let mut sidecar = sidecar(&farm);
    sidecar.wait_for_notification("web: blue is open");
    let agent = farm.agent(1, |settings| settings);
    let running = agent.start("switch", "web");
    farm.host(1).wait_for_phase("join");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    wait_for("the end of the switch", Duration::from_secs(15), || {
        let ended = farm.host(1).journal_phase().is_none();
        ended.then_some(())
    });
    let current = farm.current(1);
    let idle = if current == BLUE { GREEN } else { BLUE };
    farm.target(1, idle).wait_until_stopped();
    wait_until_at_rest(&farm, current);
    farm.assert_current(1, current);
    let ended = sidecar.stop().expect_exit(0);
    assert!(
        ended.err.contains("was cut short in phase join"),
        "{}",
        ended.err
    );
}

/// The current target is sick, so an idle one that another process has opened stays open: it may have
/// all users. A stop that takes the host out leaves no gate of any target open.
#[test]
fn an_open_idle_target_stays_while_the_current_one_is_sick() {
    let farm = Farm::open("sc_targets_stop", 1, Lines::without_twins());
    let drains = |settings| drains(settings).set("app.web.min_available", 0);
    let mut sidecar = Sidecar::start(farm.host(1), farm.agent(1, drains));
    sidecar.wait_for_notification("web: blue is open");
    farm.target(1, BLUE).set_sick(true);
    add(&farm, &gate_of_green(&farm));
    let line = sidecar.wait_for_notification("they stay open until it is healthy");
    assert!(
        line.contains("blue, the current target, is not healthy"),
        "{line}"
    );
    for port in [2000, 2001] {
        assert!(farm.host(1).gate_is_open(port), "{port}");
    }
    sidecar.stop().expect_exit(0);
    for port in [2000, 2001] {
        assert!(!farm.host(1).gate_is_open(port), "{port}");
    }
}

/// Deletes the rules of all gates and parked ports.
fn flush(farm: &Farm) {
    for chain in ["HAPROXY-GATE", "HAPROXY-GATE-PARK"] {
        let words = ["-t", "nat", "-F", chain];
        farm.host(1).namespace.run("iptables", &words);
    }
}

/// The rule that opens green's gate, made from that of blue.
fn gate_of_green(farm: &Farm) -> String {
    let rules = farm.host(1).rules();
    let mut rules = rules.lines();
    let is_blues =
        |rule: &&str| rule.starts_with("-A HAPROXY-GATE ") && rule.contains("--dport 2000 ");
    let blue = rules.find(is_blues).expect("the gate of blue");
    blue.replace("--dport 2000", "--dport 2001")
        .replace("--to-ports 1000", "--to-ports 1001")
        .replace("web:blue", "web:green")
}

/// Adds rules of ours as they were listed.
fn add(farm: &Farm, rules: &str) {
    let namespace = &farm.host(1).namespace;
    let ours = |rule: &&str| rule.starts_with("-A HAPROXY-GATE");
    for rule in rules.lines().filter(ours) {
        let rule = rule.replace('"', "");
        let words: Vec<&str> = ["-t", "nat"].into_iter().chain(rule.split(' ')).collect();
        namespace.run("iptables", &words);
    }
}
