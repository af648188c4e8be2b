//! The metrics of the sidecar, which also count what other processes did.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use lab::fleet::Fleet;
use lab::harm::{HARM, harm};
use lab::namespace::connect;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::site::Host;
use lab::wait_for;

const ADDRESS: &str = "127.0.0.1:9127";

#[test]
fn metrics_show_gates_lines_operations_and_repairs() {
    let fleet = Fleet::quick("sc_metrics", |reference| reference);
    let agent = || {
        fleet.agent(1, |settings: Settings| {
            settings.set("agent.metrics", ADDRESS)
        })
    };
    let mut sidecar = Sidecar::start(fleet.host(1), agent());
    sidecar.wait_for_notification("web: open, UP on 1 of 1 balancer");
    let host = fleet.host(1);
    let balancer = "balancer=\"tcp://10.77.0.1:9999\"";
    let before = scrape(host);
    for line in [
        "haproxy_gate_open{app=\"web\",role=\"main\"} 1".to_owned(),
        "haproxy_gate_open{app=\"web\",role=\"twin\"} 1".to_owned(),
        "haproxy_gate_held{app=\"web\"} 0".to_owned(),
        format!("haproxy_gate_in_rotation{{app=\"web\",{balancer},line=\"srvs/web1\"}} 1"),
        "haproxy_gate_operations_total{app=\"web\",verb=\"open\",outcome=\"opened\"} 1".to_owned(),
    ] {
        assert!(has(&before, &line), "{line} in\n{before}");
    }
    agent().run("restart", "web").expect_exit(0);
    agent().run("close", "web").expect_exit(0);
    sidecar.wait_for_notification("web: closed by");
    let after = scrape(host);
    for line in [
        "haproxy_gate_open{app=\"web\",role=\"main\"} 0",
        "haproxy_gate_held{app=\"web\"} 1",
        "haproxy_gate_operations_total{app=\"web\",verb=\"restart\",outcome=\"restarted\"} 1",
        "haproxy_gate_phase_seconds_count{app=\"web\",verb=\"restart\",phase=\"drain\"} 1",
    ] {
        assert!(has(&after, line), "{line} in\n{after}");
    }
    sidecar.forget();
    agent().run("open", "web").expect_exit(0);
    sidecar.wait_for_notification("web: open");
    let (_, flush) = HARM[0];
    harm(host, "iptables-nft", flush);
    let repaired = "haproxy_gate_rule_repairs_total{app=\"web\"} 1";
    wait_for("the repair in the metrics", Duration::from_secs(20), || {
        has(&scrape(host), repaired).then_some(())
    });
    assert_eq!(host.gates_are_open(), [true, true]);
}

fn has(metrics: &str, line: &str) -> bool {
    metrics.lines().any(|one| one == line)
}

fn scrape(host: &Host) -> String {
    let address: SocketAddr = ADDRESS.parse().expect("an address");
    let mut stream = connect(&host.namespace.path(), address).expect("the metrics");
    let request = "GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}
