//! The metrics of the sidecar, which also count what other processes did.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use lab::app::App;
use lab::fleet::{Fleet, Layout};
use lab::harm::{HARM, harm};
use lab::namespace::connect;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::site::Host;
use lab::wait_for;

pub const ADDRESS: &str = "127.0.0.1:9127";

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
    let before = repairs(host);
    harm(host, "iptables-nft", flush);
    wait_for("the repair in the metrics", Duration::from_secs(20), || {
        (repairs(host) > before).then_some(())
    });
    assert_eq!(host.gates_are_open(), [true, true]);
}

/// HAProxy has a line for the page and one for the marker.
#[test]
fn maintenance_and_read_only_are_numbers() {
    let last = "    server bkp3 10.77.0.13:1000 cookie w3 port 3000 backup\n";
    let lines = "    server page1 10.77.0.11:1009 port 2009 backup\n\nbackend readonly\n    server ro1 \
                 10.77.0.11:2010 check inter 300ms fall 2 rise 2\n";
    let fleet = Fleet::with("sidecar_declared", Layout::TwoStage, |reference| {
        reference.with(last, &format!("{last}{lines}"))
    });
    let host = fleet.host(1);
    let quick = Duration::from_millis(10);
    let page = App::start(&host.namespace, &host.dir, "web1-page", "[::]:1009", quick);
    page.wait_until_warm();
    let agent = || {
        fleet.agent(1, |settings: Settings| {
            settings
                .set("agent.metrics", ADDRESS)
                .set("app.web.page.port", 1009)
                .set("app.web.page.status_port", 2009)
                .set("app.web.readonly.status_port", 2010)
        })
    };
    let mut sidecar = Sidecar::start(host, agent());
    sidecar.wait_for_notification("web: open");
    for (words, line) in [
        (None, "haproxy_gate_maintenance{app=\"web\"} 0"),
        (None, "haproxy_gate_readonly{app=\"web\"} 0"),
        (
            Some(["maintenance", "on"]),
            "haproxy_gate_maintenance{app=\"web\"} 1",
        ),
        (
            Some(["readonly", "on"]),
            "haproxy_gate_readonly{app=\"web\"} 1",
        ),
        (
            Some(["maintenance", "off"]),
            "haproxy_gate_maintenance{app=\"web\"} 0",
        ),
        (
            Some(["readonly", "off"]),
            "haproxy_gate_readonly{app=\"web\"} 0",
        ),
    ] {
        if let Some(words) = words {
            agent().words(&words).expect_exit(0);
        }
        wait_for(line, Duration::from_secs(20), || {
            has(&scrape(host), line).then_some(())
        });
    }
}

/// On a busy machine the sidecar may have repaired something before.
fn repairs(host: &Host) -> u32 {
    let metrics = scrape(host);
    let mut lines = metrics.lines();
    let begin = "haproxy_gate_rule_repairs_total{app=\"web\"} ";
    let count = lines.find_map(|line| line.strip_prefix(begin));
    count.expect(begin).parse().expect("a number")
}

fn has(metrics: &str, line: &str) -> bool {
    metrics.lines().any(|one| one == line)
}

fn scrape(host: &Host) -> String {
    let answer = try_scrape(host).expect("the metrics");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

/// None: it does not serve them yet.
pub fn try_scrape(host: &Host) -> Option<String> {
    let address: SocketAddr = ADDRESS.parse().expect("an address");
    let mut stream = connect(&host.namespace.path(), address).ok()?;
    let request = "GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    Some(answer)
}
