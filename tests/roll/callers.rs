//! Other programs call the app directly, past HAProxy. Their idle keep-alive connections and
//! requests never delay a restart, not even right after a reload.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::namespace::{self, Namespace};
use lab::one_machine::OneMachine;
use lab::settings::Settings;
use lab::underway::Underway;

/// A neighbour's connections to the app: an idle one, and a request that takes longer than any
/// restart.
fn open(from: &Namespace, app: &str) -> (TcpStream, Underway) {
    let to: SocketAddr = app.parse().expect("an address");
    let idle = namespace::connect(&from.path(), to).expect("a connection");
    (idle, Underway::get(from, to, "/slow?ms=40000"))
}

/// Restarts the app. The app does not wait for these connections either.
fn restart(agent: &Agent, app: &str) {
    let report = agent.run("restart", app).expect_exit(0).report();
    let drain = report.ended("drain") - report.began("drain");
    // The idle connection stays, and the request takes 40 s.
    assert!(drain < 5.0, "{report:?}");
}

fn cut(settings: Settings, app: &str) -> Settings {
    settings.set(&format!("app.{app}.restart.signal"), "SIGUSR1")
}

#[test]
fn a_caller_with_another_address_delays_no_restart() {
    let fleet = Fleet::quick("callers_neighbour", |reference| reference);
    let (_idle, request) = open(&fleet.host(2).namespace, "10.77.0.11:1000");
    fleet.haproxy.reload();
    restart(&fleet.agent(1, |settings| cut(settings, "web")), "web");
    assert!(!request.got().is_whole(), "it was under way all the time");
}

/// Both use the loopback address here; the process shows the agent which is which.
#[test]
fn a_caller_beside_haproxy_delays_no_restart() {
    let machine = OneMachine::start("callers_beside", Duration::from_millis(100));
    let agent = machine.agent_with(|settings| cut(settings, "one"));
    for app in &machine.apps {
        agent.open(app.name());
    }
    machine.haproxy.wait_until_all_up();
    let (_idle, request) = open(&machine.host().namespace, "127.0.0.1:1000");
    machine.haproxy.reload();
    restart(&agent, "one");
    assert!(!request.got().is_whole(), "it was under way all the time");
}
