//! What it does to the idle target.

use std::time::Duration;

use super::{SOON, add, gate_of_green, record, sidecar, wait_until_at_rest};
use crate::leaving::drains;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use lab::wait_for;

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
    let keeps = |settings: Settings| settings.set("app.web.keep", "5s");
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

/// SIGTERM while the old target is being stopped: the stop comes to its end, and no user is affected.
#[test]
fn a_signal_does_not_cut_the_stop_of_a_ready_target_short() {
    let farm = Farm::open("sc_keep_signal", 1, Lines::without_twins());
    let slowly = |settings: Settings| {
        settings
            .set("app.web.keep", "1s")
            .slowly("app.web.target.blue.run.stop", 1.0)
    };
    let agent = farm.agent(1, slowly);
    let sidecar = Sidecar::start(farm.host(1), farm.agent(1, slowly));
    agent.words(&["switch", "web", "--json"]).expect_exit(0);
    let traffic = farm.traffic();
    farm.host(1).wait_for_phase("stop");
    let ended = sidecar.stop().expect_exit(0);
    assert!(!farm.target(1, BLUE).is_running(), "{}", ended.err);
    assert_eq!(farm.host(1).journal_phase(), None, "{}", ended.err);
    assert!(record(&farm)["ready"].is_null(), "{}", record(&farm));
    farm.assert_current(1, GREEN);
    traffic.stop().assert_unnoticed();
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
    // Its users must not be redirected to blue.
    wait_for("green without its redirect", SOON, || {
        farm.host(1).parked(1001).is_none().then_some(())
    });
    sidecar.stop().expect_exit(0);
    for port in [2000, 2001] {
        assert!(!farm.host(1).gate_is_open(port), "{port}");
    }
}

/// The gates of blue are open, so `agent recover` has nothing to do. It follows the same rule.
#[test]
fn a_recovery_leaves_an_idle_target_open_beside_a_sick_one() {
    let farm = Farm::open("idle_recover", 1, Lines::without_twins());
    let agent = farm.agent(1, |settings| settings);
    let (blue, green) = (farm.target(1, BLUE), farm.target(1, GREEN));
    green.start(&farm.host(1).namespace, Duration::ZERO);
    blue.set_sick(true);
    add(&farm, &gate_of_green(&farm));
    let recovered = || {
        let report = agent.words(&["recover", "web", "--json"]).expect_exit(0);
        report.json()["notices"].to_string()
    };
    let notices = recovered();
    for says in [
        "web/blue is current and not healthy: ",
        "run `agent open web --to green`",
    ] {
        assert!(notices.contains(says), "{notices}");
    }
    for target in [blue, green] {
        assert!(farm.host(1).gate_is_open(target.status_port()));
    }
    assert_eq!(farm.host(1).parked(1001), None, "it has the users");
    blue.set_sick(false);
    // Green may have all users until HAProxy shows blue UP.
    farm.haproxy.wait_until("blue is UP", |lines| {
        let mut lines = lines.iter();
        lines.any(|line| line.get("svname") == "web1-blue" && line.get("status") == "UP")
    });
    let notices = recovered();
    let says = "gates of green were open: the agent closed them";
    assert!(notices.contains(says), "{notices}");
    farm.assert_gates(1, BLUE);
    assert_eq!(farm.host(1).parked(1001), Some(1000));
}
