//! Which target it opens: after the first start, a switch, a boot, a reload, and a switch that was cut
//! short.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{SOON, add, flush, record, sidecar, wait_until_at_rest};
use crate::leaving::drains;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use lab::wait_for;

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
    // Else the next phase may begin before the kill.
    running.pause();
    let phase = farm.host(1).journal_phase().expect("a switch under way");
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
    let says = format!("was cut short in phase {phase}");
    assert!(ended.err.contains(&says), "no {says} in {}", ended.err);
}

/// SIGTERM while the new target is not healthy yet. The switch ends first, and its new target has the
/// users then: it is the one to drain.
#[test]
fn a_stop_in_the_middle_of_a_switch_drains_the_new_target() {
    let farm = Farm::open("sc_switch_leaves", 1, Lines::without_twins());
    let change = |settings: Settings| {
        drains(settings)
            .set("app.web.min_available", 0)
            .slowly("app.web.target.blue.run.stop", 2.0)
    };
    let mut sidecar = Sidecar::start(farm.host(1), farm.agent(1, change));
    sidecar.wait_for_notification("web: blue is open");
    let switch = farm.agent(1, change).start("switch", "web");
    farm.host(1).wait_for_phase("healthy");
    sidecar.signal(Signal::SIGTERM);
    farm.host(1).wait_for_phase("stop");
    let request = farm.slow_request(1, 2500);
    switch.wait().expect_exit(0);
    let ended = sidecar.wait().expect_exit(0);
    let answered = request.answer();
    assert_eq!(answered.status, 200);
    assert!(
        answered.ended_at < ended.at,
        "it left before the answer: {}",
        ended.err
    );
    for target in [BLUE, GREEN] {
        let port = farm.target(1, target).status_port();
        assert!(!farm.host(1).gate_is_open(port), "{target}: {}", ended.err);
    }
}
