//! One HAProxy stops in the middle of a restart. It is the second of two, and all traffic uses the
//! first: so no request may fail.

use std::time::Duration;

use lab::agent::Running;
use lab::fleet::Fleet;
use lab::haproxy::Haproxy;
use lab::reference::QUICK;
use lab::settings::Settings;

/// Each phase that waits for it takes half a second at least, so that the test can act in it.
const CALM: &str = "inter 300ms fastinter 500ms downinter 150ms";

const GONE: &str = "tcp://10.77.0.1:9998 can't be seen: can't connect: Connection refused";
const PUT_BACK: &str = "; the gates were put back, the app was not touched; not all lines are back";

/// Before the restart of the app: the whole process group dies, or only the worker, which also ends
/// its master. Then a supervisor starts it again.
#[test]
fn a_balancer_that_stops_before_the_restart_aborts_it() {
    let (fleet, mut second) = two("lb_before");
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    goes_while_draining(&fleet, || second.process.kill_group());
    is_gone_before(&fleet);
    second = start_second(&fleet);
    goes_while_draining(&fleet, || {
        second.kill_worker();
        second.process.wait();
    });
    second = start_second(&fleet);
    let request = fleet.held_request(1);
    let running = start(&fleet, |settings| settings);
    fleet.host(1).wait_for_phase("drain");
    second.process.kill_group();
    assert_eq!(fleet.boots(), boots);
    let _second = fleet.second_balancer(QUICK);
    assert_eq!(request.answer().status, 200);
    // A worker without any check results: the agent waits until it shows the lines DOWN.
    running.wait().expect(0, "restarted, and back in rotation");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    traffic.stop().assert_unnoticed();
}

fn goes_while_draining(fleet: &Fleet, goes: impl FnOnce()) {
    let request = fleet.held_request(1);
    let running = start(fleet, Settings::hurried);
    fleet.host(1).wait_for_phase("drain");
    goes();
    let report = running.wait().expect(13, GONE).report();
    assert!(report.message.contains(PUT_BACK), "{}", report.message);
    report.assert_hurried();
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(request.answer().status, 200);
    fleet.haproxy.wait_until_all_up();
}

fn is_gone_before(fleet: &Fleet) {
    let rules = fleet.host(1).rules();
    let says = "refused: tcp://10.77.0.1:9998: can't connect: Connection refused";
    start(fleet, |settings| settings).wait().expect(11, says);
    assert_eq!(fleet.host(1).rules(), rules);
}

/// From the restart of the app until the gates are open the agent needs no HAProxy. A balancer that
/// is back by then is fine. If one stops only then, the report says so.
#[test]
fn a_balancer_that_stops_later_does_not_stop_the_restart() {
    let (fleet, mut second) = two("lb_after");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    fleet.app(1).set_cold(Duration::from_secs(1));
    let running = start(&fleet, |settings| settings);
    fleet.host(1).wait_for_phase("healthy");
    second.process.kill_group();
    second = fleet.second_balancer(CALM);
    running.wait().expect(0, "restarted, and back in rotation");
    second.wait_until_all_up();
    let running = start(&fleet, |settings| {
        let settings = settings.hurried();
        settings.set("app.web.timeouts.in_rotation", "2s")
    });
    fleet.host(1).wait_for_phase("open");
    second.process.kill_group();
    let message = running.wait().expect(16, GONE).report().message;
    let left = "the gates are open and the app was healthy, but HAProxy shows: ";
    assert!(message.starts_with(left), "{message}");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.boots()[0], boots + 2);
    traffic.stop().assert_unnoticed();
}

/// The only balancer stops: without traffic, because it would lose that itself.
#[test]
fn the_only_balancer_gone_aborts_a_restart() {
    let mut fleet = Fleet::quick("lb_only", |reference| reference.with(QUICK, CALM));
    let boots = fleet.boots();
    let running = fleet.agent(1, Settings::hurried).start("restart", "web");
    fleet.host(1).wait_for_phase("close");
    fleet.haproxy.process.kill_group();
    let says = "tcp://10.77.0.1:9999 can't be seen: can't connect: Connection refused";
    let report = running.wait().expect(13, says).report();
    assert!(report.message.contains(PUT_BACK), "{}", report.message);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.boots(), boots);
}

fn two(test: &str) -> (Fleet, Haproxy) {
    let fleet = Fleet::quick(test, |reference| reference);
    let second = start_second(&fleet);
    (fleet, second)
}

fn start_second(fleet: &Fleet) -> Haproxy {
    let second = fleet.second_balancer(QUICK);
    second.wait_until_all_up();
    second
}

fn start(fleet: &Fleet, change: impl Fn(Settings) -> Settings) -> Running {
    let agent = fleet.agent(1, |settings| {
        change(settings).haproxy("tcp://10.77.0.1:9998")
    });
    agent.start("restart", "web")
}
