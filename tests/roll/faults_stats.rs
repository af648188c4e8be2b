//! A stats socket that misbehaves. What can't be seen is never taken for drained or up: so
//! before the restart it refuses, in the middle it puts back, after the reopen it tells.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::lab::agent::Agent;
use crate::lab::fleet::{Fleet, Layout};
use crate::lab::reference::Reference;
use crate::lab::settings::Settings;
use crate::lab::stats_proxy::{Fault, StatsProxy};

#[test]
fn hangs() {
    each_time("st_hangs", Fault::Hangs, "no complete answer within 500ms");
}

#[test]
fn refuses() {
    let says = "can't connect: Connection refused";
    each_time("st_refuses", Fault::Refuses, says);
}

#[test]
fn answers_half_a_table() {
    each_time("st_halves", Fault::Halves, "is cut short");
}

/// 5 s are too late for a limit of 2 s, and all right for one of 10 s.
#[test]
fn answers_late() {
    let fleet = fleet("st_slow");
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let slow = Fault::Slow(Duration::from_secs(5));
    proxy.set(slow);
    let late = "no complete answer within 2s; nothing was changed";
    agent(&fleet, &proxy, "2s")
        .run("restart", "web")
        .expect(11, late);
    proxy.set(Fault::None);
    let request = fleet.slow_request(1, 1000);
    let running = agent(&fleet, &proxy, "10s").start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    proxy.set(slow);
    fleet.host(1).wait_for_phase("healthy");
    proxy.set(Fault::None);
    let ended = running.wait().expect(0, "restarted, and back in rotation");
    assert!(ended.report().seconds > 10.0, "{ended:?}");
    assert_eq!(request.answer().status, 200);
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

/// HAProxy takes no more than so many connections to its stats socket at a time; those in
/// the queue look like a socket that hangs, and are served when a place is free.
#[test]
fn is_out_of_connections() {
    let few =
        |config: Reference| config.with("stats timeout", "stats maxconn 2\n    stats timeout");
    let fleet = fleet_with("st_maxconn", few);
    let idle = || UnixStream::connect(&fleet.haproxy.socket).expect("a connection");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 1500);
    let agent = fleet.agent(1, |_| {
        let settings = fleet.settings(1);
        settings.haproxy_within("tcp://10.77.0.1:9999", "500ms")
    });
    let taken = [idle(), idle()];
    let says = "no complete answer within 500ms; nothing was changed";
    agent.run("restart", "web").expect(11, says);
    drop(taken);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let taken = [idle(), idle()];
    assert_eq!(request.answer().status, 200);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(fleet.boots()[0], boots, "restarted without a look");
    drop(taken);
    running.wait().expect(0, "restarted, and back in rotation");
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

/// The fault before a restart, in its drain for good and for a while, and after the reopen.
fn each_time(test: &str, fault: Fault, says: &str) {
    let fleet = fleet(test);
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let agent = agent(&fleet, &proxy, "500ms");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    before(&fleet, &proxy, &agent, (fault, says));
    while_draining(&fleet, &proxy, &agent, (fault, says));
    assert_eq!(fleet.boots()[0], boots, "the app was touched");
    after_the_reopen(&fleet, &proxy, &agent, (fault, says));
    assert_eq!(fleet.boots()[0], boots + 1);
    for_a_while(&fleet, &proxy, &agent, fault);
    assert_eq!(fleet.boots()[0], boots + 2);
    traffic.stop().assert_unnoticed();
}

fn before(fleet: &Fleet, proxy: &StatsProxy, agent: &Agent, (fault, says): (Fault, &str)) {
    proxy.set(fault);
    let ended = agent.run("restart", "web").expect(11, says);
    assert!(ended.report().message.ends_with("; nothing was changed"));
    proxy.set(Fault::None);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
}

fn while_draining(fleet: &Fleet, proxy: &StatsProxy, agent: &Agent, (fault, says): (Fault, &str)) {
    let request = fleet.slow_request(1, 2500);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    proxy.set(fault);
    let ended = running.wait().expect(13, says).report();
    let left = "; the gates were put back, the app was not touched; its lines are not all UP";
    assert!(ended.message.ends_with(left), "{}", ended.message);
    assert!(ended.seconds < 6.0, "{ended:?}");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(request.answer().status, 200);
    proxy.set(Fault::None);
    fleet.haproxy.wait_until_all_up();
}

fn after_the_reopen(
    fleet: &Fleet,
    proxy: &StatsProxy,
    agent: &Agent,
    (fault, says): (Fault, &str),
) {
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("open");
    proxy.set(fault);
    let ended = running.wait().expect(16, says).report();
    let left = "the gates are open and the app was healthy, but HAProxy: ";
    assert!(ended.message.starts_with(left), "{}", ended.message);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    proxy.set(Fault::None);
    fleet.haproxy.wait_until_all_up();
}

/// Shorter than the limit: a restart as any other.
fn for_a_while(fleet: &Fleet, proxy: &StatsProxy, agent: &Agent, fault: Fault) {
    let request = fleet.slow_request(1, 600);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    proxy.set(fault);
    assert_eq!(request.answer().status, 200);
    proxy.set(Fault::None);
    running.wait().expect(0, "restarted, and back in rotation");
}

fn agent<'a>(fleet: &'a Fleet, proxy: &StatsProxy, timeout: &str) -> Agent<'a> {
    let socket = proxy.socket.display().to_string();
    let settings = fleet.settings(1).haproxy_within(&socket, timeout);
    let settings = match timeout {
        "500ms" => Settings::hurried(settings),
        _ => settings,
    };
    Agent::new(fleet.host(1), &settings)
}

fn fleet(test: &str) -> Fleet {
    fleet_with(test, |reference| reference)
}

fn fleet_with(test: &str, change: impl FnOnce(Reference) -> Reference) -> Fleet {
    let fleet = Fleet::with(test, Layout::TwoStage, change);
    fleet.open_gates();
    fleet.app(1).set_cold(Duration::from_millis(100));
    fleet
}
