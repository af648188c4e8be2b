//! Mode tcp: a line carries connections, and each is in flight from its begin to its end.

use std::net::TcpStream;

use lab::fleet::{Fleet, NUMBERS};
use lab::namespace;
use lab::reference::Reference;
use lab::site::BALANCER;

/// A client of another protocol connects and sends nothing for long. HAProxy balances by the number of
/// connections, so each host gets one.
fn connections(fleet: &Fleet) -> Vec<TcpStream> {
    let connect = || TcpStream::connect((BALANCER, 80)).expect("a connection");
    let inside = || NUMBERS.map(|_| connect());
    let all = namespace::inside(&fleet.site.balancer.path(), inside).expect("a namespace");
    fleet
        .haproxy
        .wait_until("each host has a connection", |lines| {
            let mains = lines
                .iter()
                .filter(|one| one.get("svname").starts_with("web"));
            mains.map(|one| one.number("scur")).eq([1, 1, 1])
        });
    all.into()
}

#[test]
fn a_restart_waits_until_the_connections_have_ended() {
    let fleet = Fleet::quick("mode_tcp", Reference::in_mode_tcp);
    let (boots, trouble) = (fleet.boots(), fleet.haproxy.trouble());
    let open = connections(&fleet);
    let agent = fleet.agent(1, |settings| settings);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let status = agent.words(&["status", "web", "--json"]).json();
    let main = &status["apps"][0]["balancers"][0]["lines"][0];
    assert_eq!(
        (&main["mode"], &main["in_flight"]),
        (&"tcp".into(), &1.into()),
        "{main}"
    );
    assert_eq!(fleet.boots(), boots, "it waits");
    // New connections go to the other hosts.
    let served = fleet
        .site
        .balancer
        .run("curl", &["-sS", "http://10.77.0.1/healthz"]);
    assert!(!served.is_empty());
    drop(open);
    running.wait().expect_exit(0);
    assert_eq!(fleet.boots(), [boots[0] + 1, boots[1], boots[2]]);
    assert_eq!(fleet.haproxy.trouble(), trouble);
}

/// Connections of a pool may last for days. Then the limit and `on_drain_timeout` decide.
#[test]
fn connections_that_stay_are_ended_by_policy() {
    let fleet = Fleet::quick("tcp_policy", Reference::in_mode_tcp);
    let boots = fleet.boots();
    let open = connections(&fleet);
    let policy = |policy: &'static str| {
        let agent = fleet.agent(1, |settings| {
            let settings = settings.set("app.web.timeouts.drain", "500ms");
            settings.set("app.web.on_drain_timeout", policy)
        });
        agent.run("restart", "web")
    };
    let message = policy("abort").expect_exit(14).report().message;
    assert!(
        message.contains("srvs/web1 has 1 connection open"),
        "{message}"
    );
    fleet.haproxy.wait_until_all_up();
    assert_eq!(fleet.boots(), boots, "the app was not to be touched");
    policy("proceed").expect_exit(0);
    assert_eq!(fleet.boots(), [boots[0] + 1, boots[1], boots[2]]);
    drop(open);
}
