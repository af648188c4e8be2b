//! A stats socket that misbehaves. The agent never takes a missing answer for drained or UP: before
//! the restart it refuses, in the middle it puts the gates back, after the reopen it reports it.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::stats_proxy::{Fault, StatsProxy};

const FAULTS: [(Fault, &str); 3] = [
    (Fault::Hangs, "no complete answer within 500ms"),
    (Fault::Refuses, "can't connect: Connection refused"),
    (Fault::Halves, "is cut short"),
];

/// The fault comes before a restart, in its drain for good and for a while, and after the reopen.
#[test]
fn a_faulty_socket_is_never_drained_or_up() {
    let fleet = Fleet::quick("st_faults", |reference| reference);
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let traffic = fleet.traffic();
    for fault in FAULTS {
        let boots = fleet.boots()[0];
        before(&fleet, &proxy, fault);
        while_draining(&fleet, &proxy, fault);
        assert_eq!(fleet.boots()[0], boots, "the app was touched");
        after_the_reopen(&fleet, &proxy, fault);
        assert_eq!(fleet.boots()[0], boots + 1);
        for_a_while(&fleet, &proxy, fault);
        assert_eq!(fleet.boots()[0], boots + 2);
    }
    traffic.stop().assert_unnoticed();
}

fn before(fleet: &Fleet, proxy: &StatsProxy, (fault, says): (Fault, &str)) {
    proxy.set(fault);
    let agent = agent(fleet, proxy, "500ms", |settings| settings);
    let message = agent
        .run("restart", "web")
        .expect(11, says)
        .report()
        .message;
    assert!(message.ends_with("; nothing was changed"), "{message}");
    proxy.set(Fault::None);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
}

fn while_draining(fleet: &Fleet, proxy: &StatsProxy, (fault, says): (Fault, &str)) {
    let request = fleet.held_request(1);
    proxy.set_in(fleet.host(1), "drain", fault);
    let ended = agent(fleet, proxy, "500ms", Settings::hurried).run("restart", "web");
    let ended = ended.expect(13, says).report();
    let left = "; the gates were put back, the app was not touched; not all lines are back";
    assert!(ended.message.contains(left), "{}", ended.message);
    ended.assert_hurried();
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    proxy.set(Fault::None);
    assert_eq!(request.answer().status, 200);
    fleet.haproxy.wait_until_all_up();
}

fn after_the_reopen(fleet: &Fleet, proxy: &StatsProxy, (fault, says): (Fault, &str)) {
    // The earlier answer took more than a second, so it looks like a stream for two more.
    let patient = |settings: Settings| settings.hurried().set("app.web.timeouts.drain", "10s");
    proxy.set_in(fleet.host(1), "open", fault);
    let ended = agent(fleet, proxy, "500ms", patient).run("restart", "web");
    let message = ended.expect(16, says).report().message;
    let left = "the gates are open and the app was healthy, but HAProxy shows: ";
    assert!(message.starts_with(left), "{message}");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    proxy.set(Fault::None);
    fleet.haproxy.wait_until_all_up();
}

/// Shorter than the limit: a normal restart.
fn for_a_while(fleet: &Fleet, proxy: &StatsProxy, (fault, _): (Fault, &str)) {
    let request = fleet.held_request(1);
    proxy.set_in(fleet.host(1), "drain", fault);
    let running = agent(fleet, proxy, "500ms", |settings| settings).start("restart", "web");
    proxy.wait_until_met();
    assert_eq!(request.answer().status, 200);
    proxy.set(Fault::None);
    running.wait().expect(0, "restarted, and back in rotation");
}

/// 5 s are too late for a limit of 2 s, and in time for one of 10 s.
#[test]
fn a_late_answer_is_good_within_its_limit() {
    let fleet = Fleet::quick("st_slow", |reference| reference);
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let slow = Fault::Slow(Duration::from_secs(5));
    proxy.set(slow);
    let late = agent(&fleet, &proxy, "2s", |settings| settings).run("restart", "web");
    late.expect(11, "no complete answer within 2s; nothing was changed");
    proxy.set(Fault::None);
    proxy.set_in(fleet.host(1), "close", slow);
    let running = agent(&fleet, &proxy, "10s", |settings| settings).start("restart", "web");
    fleet.host(1).wait_for_phase("floor");
    proxy.set(Fault::None);
    let ended = running.wait().expect(0, "restarted, and back in rotation");
    assert!(ended.report().seconds > 5.0, "{ended:?}");
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

/// HAProxy limits the connections to its stats socket. A connection in the queue looks like a
/// socket that hangs, and gets its answer when a place is free.
#[test]
fn a_socket_without_free_connections_looks_like_one_that_hangs() {
    let few = "stats maxconn 2\n    stats timeout";
    let fleet = Fleet::quick("st_maxconn", |config| config.with("stats timeout", few));
    let idle = || UnixStream::connect(&fleet.haproxy.socket).expect("a connection");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 3000);
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
    // Longer than the limit of one question.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(fleet.boots()[0], boots, "restarted without a look");
    drop(taken);
    running.wait().expect(0, "restarted, and back in rotation");
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

fn agent<'a>(
    fleet: &'a Fleet,
    proxy: &StatsProxy,
    timeout: &str,
    change: impl Fn(Settings) -> Settings,
) -> Agent<'a> {
    let socket = proxy.socket.display().to_string();
    let settings = fleet.settings(1).haproxy_within(&socket, timeout);
    Agent::new(fleet.host(1), &change(settings))
}
