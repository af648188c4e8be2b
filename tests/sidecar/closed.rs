//! An operator's hold remains until its time is over.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kept_open;
use lab::fleet::Fleet;
use lab::sidecar::Sidecar;
use lab::wait_for;

/// The sidecar may restart at any time, and another program may flush the rules: the hold remains.
#[test]
fn a_hold_without_a_time_remains() {
    let (fleet, mut sidecar) = kept_open("sc_held");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    let closed = agent().words(&["close", "web", "--reason", "disk swap", "--json"]);
    closed.expect(0, "closed: out of rotation and drained");
    let status = sidecar.wait_for_notification("web: closed by ");
    assert!(status.ends_with(": disk swap"), "{status}");
    std::thread::sleep(Duration::from_millis(1500));
    sidecar.kill();
    let mut sidecar = Sidecar::start(fleet.host(1), agent());
    sidecar.wait_for_notification("web: closed by ");
    // An operator opens the gates by hand, or restores old rules: the sidecar closes them again.
    open_by_hand(&fleet);
    fleet.host(1).wait_for_gate(2000, false);
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    agent().run("open", "web").expect_exit(0);
    sidecar.wait_for_notification("web: open");
    traffic.stop().assert_unnoticed();
}

/// A restart of a held host dies in the middle: the sidecar completes it and opens nothing.
#[test]
fn an_interrupted_restart_of_a_held_host_opens_nothing() {
    let (fleet, mut sidecar) = kept_open("sc_stay");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    agent().run("close", "web").expect_exit(0);
    let boots = fleet.boots()[0];
    let stay = ["restart", "web", "--stay-closed", "--json"];
    let message = "a hold keeps the gates closed";
    agent().words(&stay).expect(0, message);
    fleet.app(1).set_cold(Duration::from_millis(1500));
    let running = agent().start_words(&stay);
    fleet.host(1).wait_for_phase("healthy");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    wait_for("its journal is gone", Duration::from_secs(10), || {
        fleet.host(1).journal_phase().is_none().then_some(())
    });
    // By then the app is healthy. Without the hold the sidecar would open the gates.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    assert_eq!(fleet.boots()[0], boots + 2);
    sidecar.wait_for_notification("web: closed by ");
    agent().run("open", "web").expect_exit(0);
    traffic.stop().assert_unnoticed();
}

fn open_by_hand(fleet: &Fleet) {
    let rule = "iptables -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment \
                --comment haproxy-gate:web:main -j REDIRECT --to-ports 1000";
    fleet.host(1).namespace.run("sh", &["-c", rule]);
}

#[test]
fn a_hold_ends_at_its_time() {
    let (fleet, _sidecar) = kept_open("sc_for");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    let closed = agent().words(&["close", "web", "--for", "5s", "--json"]);
    let closed = closed.expect(0, "closed: out of rotation and drained");
    let since = closed.report().started_at;
    assert_eq!(closed.report().notices, [""; 0]);
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    fleet.host(1).wait_for_gate(2000, true);
    let opened = wait_for("the sidecar's line", Duration::from_secs(10), || {
        let history = agent().words(&["history", "--json"]).json();
        let all = history["operations"].as_array().expect("a list").iter();
        let begun = all.filter(|one| one["caller"]["sidecar"] == true);
        begun
            .filter_map(|one| one["started_at"].as_f64())
            .find(|at| *at > since)
    });
    let after = opened - since;
    // A hold counts whole seconds, and the one that has begun.
    assert!((4.0..8.5).contains(&after), "opened after {after} s");
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}

/// Without a sidecar nothing opens the gates: the agent says so, with the fix.
#[test]
fn without_a_sidecar_a_hold_with_a_time_is_a_notice() {
    let fleet = Fleet::quick("sc_none", |reference| reference);
    let agent = || fleet.agent(1, |settings| settings);
    let closed = agent().words(&["close", "web", "--for", "1s", "--json"]);
    let notices = closed.expect_exit(0).report().notices;
    assert!(
        notices.iter().any(|note| note.contains("no sidecar runs")),
        "{notices:?}"
    );
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    // Its time is over: no hold keeps the gates closed any more, and `recover` opens them.
    agent().run("recover", "web").expect(0, "recovered");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
}

/// A unit that stops and starts with the app.
#[test]
fn a_unit_opens_only_its_own_hold() {
    let (fleet, mut sidecar) = kept_open("sc_owner");
    let agent = || fleet.agent(1, |settings| settings);
    let close = || agent().words(&["close", "web", "--owner", "web.service", "--json"]);
    let open = || agent().words(&["open", "web", "--owner", "web.service", "--json"]);
    close().expect(0, "closed");
    sidecar.wait_for_notification(", for web.service");
    open().expect(0, "open: in rotation");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    // A unit's stop cannot be called off: if the drain runs out, the agent reports it and the gates
    // stay closed.
    let hurried = fleet.agent(1, lab::settings::Settings::hurried);
    let request = fleet.slow_request(1, 4500);
    let ran_out = hurried.words(&["close", "web", "--owner", "web.service", "--json"]);
    ran_out.expect(14, "1 request in flight; the gates stay closed");
    sidecar.wait_for_notification(", for web.service");
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    assert_eq!(request.answer().status, 200);
    open().expect(0, "open: in rotation");
    agent().run("close", "web").expect_exit(0);
    close().expect(0, "closed");
    open().expect(0, "left alone: closed by `agent close web`");
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    agent().run("open", "web").expect_exit(0);
    fleet.haproxy.wait_until_all_up();
}
