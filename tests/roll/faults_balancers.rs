//! HAProxy itself goes, in the middle of a restart. The one that goes here is the second of
//! two, and all traffic is on the first: so no request may fail.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use crate::lab::agent::{Agent, Running};
use crate::lab::fleet::{Fleet, Layout};
use crate::lab::haproxy::Haproxy;
use crate::lab::settings::Settings;

const GONE: &str = "tcp://10.77.0.1:9998 can't be seen: can't connect: Connection refused";
const PUT_BACK: &str =
    "; the gates were put back, the app was not touched; its lines are not all UP";

#[test]
fn one_of_two_is_gone_before() {
    let (fleet, mut second) = two("lb_before");
    let (boots, rules) = (fleet.boots(), fleet.host(1).rules());
    let traffic = fleet.traffic();
    second.process.kill_group();
    let says = "refused: tcp://10.77.0.1:9998: can't connect: Connection refused";
    agent(&fleet).run("restart", "web").expect(11, says);
    assert_eq!((fleet.boots(), fleet.host(1).rules()), (boots, rules));
    traffic.stop().assert_unnoticed();
}

/// With its whole process group, or the worker alone, which its master does not outlive.
#[test]
fn one_of_two_goes_while_draining() {
    let (fleet, mut second) = two("lb_drain");
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    goes_while_draining(&fleet, || second.process.kill_group());
    second = fleet.second_balancer();
    second.wait_until_all_up();
    goes_while_draining(&fleet, || {
        kill(second.worker(), Signal::SIGKILL).expect("a worker");
        second.process.wait();
    });
    assert_eq!(fleet.boots(), boots);
    traffic.stop().assert_unnoticed();
}

fn goes_while_draining(fleet: &Fleet, goes: impl FnOnce()) {
    let request = fleet.slow_request(1, 2500);
    let running = start(fleet);
    fleet.host(1).wait_for_phase("drain");
    goes();
    let report = running.wait().expect(13, GONE).report();
    assert!(report.message.ends_with(PUT_BACK), "{}", report.message);
    assert!(report.seconds < 6.0, "{report:?}");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(request.answer().status, 200);
}

/// Whoever supervises HAProxy has started it again: what the old worker carried is unknown.
#[test]
fn one_of_two_is_started_anew_while_draining() {
    let (fleet, mut second) = two("lb_anew");
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 2500);
    let running = start(&fleet);
    fleet.host(1).wait_for_phase("drain");
    second.process.kill_group();
    let _second = fleet.second_balancer();
    running.wait().expect(13, "was reloaded");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(request.answer().status, 200);
    assert_eq!(fleet.boots(), boots);
    traffic.stop().assert_unnoticed();
}

/// Once the app is touched nobody asks HAProxy until the gates are open again: one that is
/// back by then is as good as any.
#[test]
fn one_of_two_is_started_anew_while_the_app_restarts() {
    let (fleet, mut second) = two("lb_restart");
    fleet.app(1).set_cold(Duration::from_millis(1500));
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let running = fleet.agent(1, both).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    second.process.kill_group();
    second = fleet.second_balancer();
    running.wait().expect(0, "restarted, and back in rotation");
    second.wait_until_all_up();
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

#[test]
fn one_of_two_goes_after_the_reopen() {
    let (fleet, mut second) = two("lb_open");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let running = start(&fleet);
    fleet.host(1).wait_for_phase("open");
    second.process.kill_group();
    let report = running.wait().expect(16, GONE).report();
    assert_eq!(
        report.message.split(GONE).next(),
        Some("the gates are open and the app was healthy, but HAProxy: ")
    );
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

/// The only one, in the worst moment: the app is not touched.
#[test]
fn the_only_one_goes_while_closing() {
    let mut fleet = Fleet::two_stage("lb_only");
    fleet.open_gates();
    let boots = fleet.boots();
    let agent = fleet.agent(1, Settings::hurried);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("close");
    fleet.haproxy.process.kill_group();
    let says = "tcp://10.77.0.1:9999 can't be seen: can't connect: Connection refused";
    let report = running.wait().expect(13, says).report();
    assert!(report.message.ends_with(PUT_BACK), "{}", report.message);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.boots(), boots);
}

fn two(test: &str) -> (Fleet, Haproxy) {
    let fleet = Fleet::with(test, Layout::TwoStage, |reference| reference);
    let second = fleet.second_balancer();
    fleet.open_gates_with(both);
    second.wait_until_all_up();
    fleet.app(1).set_cold(Duration::from_millis(100));
    (fleet, second)
}

fn both(settings: Settings) -> Settings {
    settings.haproxy("tcp://10.77.0.1:9998")
}

fn agent(fleet: &Fleet) -> Agent<'_> {
    fleet.agent(1, |settings| both(settings).hurried())
}

fn start(fleet: &Fleet) -> Running {
    agent(fleet).start("restart", "web")
}
