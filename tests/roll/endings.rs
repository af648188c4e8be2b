//! Restarts that do not succeed: each exit code leaves the host in its documented state, and no
//! user notices.

use lab::agent::Ended;
use lab::fleet::{Fleet, Layout};
use lab::reference::{QUICK, Reference};
use lab::settings::Settings;
use std::time::Duration;

#[test]
fn a_drain_that_runs_out_aborts() {
    let fleet = Fleet::two_stage("drain_aborts");
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 10_000);
    restart(&fleet, |s| s.set("app.web.timeouts.drain", "1s")).expect_exit(14);
    assert!(fleet.host(1).gate_is_open(2000) && fleet.host(1).gate_is_open(3000));
    fleet.haproxy.wait_until_all_up();
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(fleet.boots(), boots, "the app was not to be touched");
    traffic.stop().assert_unnoticed();
}

/// The request still succeeds, because the app stops gracefully.
#[test]
fn a_drain_that_runs_out_proceeds_if_configured() {
    let fleet = Fleet::two_stage("drain_proceeds");
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 5000);
    let proceed = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.drain", "1s");
        settings.set("app.web.on_drain_timeout", "proceed")
    };
    restart(&fleet, proceed).expect_exit(0);
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(fleet.boots()[0], boots[0] + 1);
    traffic.stop().assert_unnoticed();
}

#[test]
fn a_sick_app_stays_out() {
    let fleet = Fleet::two_stage("sick");
    fleet.open_gates();
    let traffic = fleet.traffic();
    let boots = fleet.boots()[0];
    let agent = fleet.agent(1, |s| s.set("app.web.timeouts.healthy", "2s"));
    fleet.app(1).set_cold(Duration::from_secs(30));
    let restarting = agent.start("restart", "web");
    fleet.app(1).wait_for_boot_after(boots);
    fleet.app(1).set_sick(true);
    fleet.app(1).set_cold(Duration::ZERO);
    restarting.wait().expect_exit(15);
    let host = fleet.host(1);
    assert!(!host.gate_is_open(2000) && !host.gate_is_open(3000));
    // After the fix, `open` is enough.
    fleet.app(1).set_sick(false);
    agent.open("web");
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}

#[test]
fn too_few_others_are_exit_12() {
    let fleet = Fleet::two_stage("too_few");
    fleet.open_gates();
    fleet.app(2).set_sick(true);
    fleet.haproxy.wait_until("web2 is DOWN", |lines| {
        let ours = |name: &str| name == "web2" || name == "bkp2";
        let mut lines = lines.iter().filter(|line| ours(line.get("svname")));
        lines.all(|line| line.status() == "DOWN")
    });
    let (boots, rules) = (fleet.boots(), fleet.host(1).rules());
    // Half of three hosts are two.
    for (floor, says) in [
        (toml::Value::from(2), "min_available is 2"),
        (
            toml::Value::from("50%"),
            "min_available is 50%: 2 of 3 hosts",
        ),
    ] {
        let ended = restart(&fleet, |s| s.set("app.web.min_available", floor.clone()));
        let ended = ended.expect_exit(12);
        let out = ended.report().message;
        let usable = "has 1 other usable servers (out: web2 is DOWN";
        assert!(out.contains(usable) && out.contains(says), "{out}");
    }
    assert_eq!((fleet.boots(), fleet.host(1).rules()), (boots, rules));
    // A third of them is one.
    restart(&fleet, |s| s.set("app.web.min_available", "33%")).expect_exit(0);
}

/// HAProxy's checks are too slow for the limit.
#[test]
fn slow_checks_are_exit_13() {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 1s fastinter 1s downinter 200ms");
    let fleet = Fleet::with("still_in", Layout::TwoStage, slow);
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    restart(&fleet, |s| {
        s.set("app.web.timeouts.out_of_rotation", "50ms")
    })
    .expect_exit(13);
    assert!(fleet.host(1).gate_is_open(2000) && fleet.host(1).gate_is_open(3000));
    // Checks under way must end before HAProxy shows all lines UP.
    std::thread::sleep(Duration::from_secs(2));
    fleet.haproxy.wait_until_all_up();
    assert_eq!(fleet.boots(), boots, "the app was not to be touched");
    traffic.stop().assert_unnoticed();
}

fn restart(fleet: &Fleet, change: impl Fn(Settings) -> Settings) -> Ended {
    fleet.agent(1, change).run("restart", "web")
}
