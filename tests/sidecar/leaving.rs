//! SIGTERM with `on_stop = "drain"`: the sidecar takes the host out of rotation, drains it, and
//! ends. When the machine goes down it does the same: `tests/machines/boots.rs`.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::wait_for;

/// The gates of all hosts are open. A sidecar on host 1 with `on_stop = "drain"` reports that it
/// keeps them open.
fn kept_open(test: &str) -> (Fleet, Sidecar) {
    let fleet = Fleet::quick(test, |reference| reference);
    let agent = fleet.agent(1, drains);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_for_notification("web: open");
    (fleet, sidecar)
}

pub fn drains(settings: Settings) -> Settings {
    settings.set("agent.on_stop", "drain")
}

/// A request is under way. Users must notice nothing when the app stops after it.
#[test]
fn sigterm_drains_first() {
    let (mut fleet, mut sidecar) = kept_open("sc_leaves");
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 4000);
    sidecar.forget();
    sidecar.signal(Signal::SIGTERM);
    sidecar.wait_for_notification("STOPPING=1");
    let status = sidecar.wait_for_notification("web: drain, ");
    assert!(status.contains(" in flight"), "{status}");
    let notifications = sidecar.notifications().join("\n");
    assert!(
        notifications.contains("EXTEND_TIMEOUT_USEC=") && notifications.contains("WATCHDOG=1"),
        "{notifications}"
    );
    let ended = sidecar.wait().expect_exit(0);
    let answered = request.answer();
    assert_eq!(answered.status, 200);
    assert!(answered.ended_at < ended.at, "it left before the answer");
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    let status = fleet.agent(1, drains).words(&["status", "--json"]).json();
    let web = &status["apps"][0];
    let closed_at = web["closed_by_sidecar_unix_seconds"].as_f64();
    assert!(
        (closed_at.expect("a moment") - ended.at).abs() < 2.0,
        "{web}"
    );
    let trouble = web["trouble"].to_string();
    let says = "the sidecar took this host out of rotation when it stopped, at 2";
    assert!(trouble.contains(says), "{trouble}");
    fleet.stop_app(1);
    std::thread::sleep(Duration::from_millis(500));
    traffic.stop().assert_unnoticed();
}

/// The sidecar waits no longer than the configuration says, not even for a balancer out of sight;
/// and the gates stay closed.
#[test]
fn a_balancer_out_of_sight_delays_the_end_no_longer_than_the_limits() {
    let fleet = Fleet::quick("sc_limits", |reference| reference);
    let unseen = |settings: Settings| {
        let settings = settings
            .hurried()
            .set("app.web.timeouts.out_of_rotation", "1s");
        drains(settings).haproxy_within("tcp://10.77.0.1:9", "300ms")
    };
    let mut sidecar = Sidecar::start(fleet.host(1), fleet.agent(1, unseen));
    sidecar.wait_for_notification("web: open, UP on 1 of 2 balancers");
    let asked = Instant::now();
    let ended = sidecar.stop().expect_exit(14);
    assert!(
        asked.elapsed() < Duration::from_secs(15),
        "{:?}",
        asked.elapsed()
    );
    assert!(ended.err.contains("the gates stay closed"), "{}", ended.err);
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    assert_eq!(fleet.haproxy.server("web1").status(), "DOWN");
}

/// After a second signal it waits for nothing more.
#[test]
fn a_second_signal_ends_it_at_once() {
    let (fleet, mut sidecar) = kept_open("sc_twice");
    let request = fleet.slow_request(1, 4000);
    sidecar.signal(Signal::SIGINT);
    sidecar.wait_for_notification("web: drain, ");
    let ended = sidecar.stop().expect_exit(143);
    assert!(ended.err.contains("the gates stay closed"), "{}", ended.err);
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    let answer = request.answer();
    assert_eq!(answer.status, 200);
    assert!(ended.at < answer.ended_at, "it waited for the answer");
}

/// The sidecar lets a running operation end, and the app restarts once.
#[test]
fn a_running_operation_ends_first() {
    let (fleet, mut sidecar) = kept_open("sc_under_way");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    let boots = fleet.boots()[0];
    let request = fleet.slow_request(1, 4000);
    let restart = agent().start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let status = sidecar.wait_for_notification(", phase drain");
    assert!(
        status.contains("web: left to `agent restart web`"),
        "{status}"
    );
    sidecar.signal(Signal::SIGTERM);
    restart.wait().expect(0, "restarted, and back in rotation");
    sidecar.wait().expect_exit(0);
    assert_eq!(request.answer().status, 200);
    assert_eq!(fleet.boots()[0], boots + 1);
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    traffic.stop().assert_unnoticed();
}

/// A reload and a stop at once, and a reload during the drain: the stop counts.
#[test]
fn a_reload_does_not_stop_the_drain() {
    let (fleet, mut sidecar) = kept_open("sc_signals");
    let request = fleet.slow_request(1, 4000);
    sidecar.signal(Signal::SIGHUP);
    sidecar.signal(Signal::SIGUSR2);
    sidecar.signal(Signal::SIGTERM);
    sidecar.wait_for_notification("web: drain, ");
    sidecar.signal(Signal::SIGHUP);
    let ended = sidecar.wait().expect_exit(0);
    let answered = request.answer();
    assert_eq!(answered.status, 200);
    assert!(answered.ended_at < ended.at, "it left before the answer");
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
}

/// The sidecar opened the gates before it heard from all balancers: one does not answer.
#[test]
fn gates_that_it_opened_itself_are_drained_too() {
    let fleet = Fleet::closed("sc_boot_leave", |reference| reference);
    let unseen = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.out_of_rotation", "2s");
        let settings = settings.set("app.web.timeouts.drain", "4s");
        // No other host serves.
        let settings = settings.set("app.web.min_available", 0);
        drains(settings).haproxy_within("tcp://10.77.0.99:9", "2s")
    };
    let mut sidecar = Sidecar::start(fleet.host(1), fleet.agent(1, unseen));
    fleet.host(1).wait_for_gate(3000, true);
    let up = |name| fleet.haproxy.server(name).status() == "UP";
    wait_for("UP", Duration::from_secs(10), || {
        (up("web1") && up("bkp1")).then_some(())
    });
    let request = fleet.slow_request(1, 2500);
    sidecar.signal(Signal::SIGTERM);
    sidecar.wait_for_notification("STOPPING=1");
    let ended = sidecar.wait();
    let answered = request.answer();
    assert_eq!(answered.status, 200);
    assert!(
        answered.ended_at < ended.at,
        "it left before the answer: {ended:?}"
    );
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
}
