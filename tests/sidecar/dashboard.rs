//! The queries of the dashboard and the alert rules, in a real Prometheus that scrapes a sidecar.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use lab::fleet::Fleet;
use lab::namespace::connect;
use lab::process::Process;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::site::Host;
use lab::wait_for;
use serde_json::Value;

const SIDECAR: &str = "127.0.0.1:9127";
const PROMETHEUS: &str = "127.0.0.1:9090";

#[test]
fn every_query_of_the_dashboard_has_data_and_no_alert_fires() {
    let fleet = Fleet::quick("sc_dashboard", |reference| reference);
    let host = fleet.host(1);
    let agent = || {
        fleet.agent(1, |settings: Settings| {
            settings
                .set("agent.metrics", SIDECAR)
                .set("app.web.page.port", 1009)
                .set("app.web.page.status_port", 2009)
                .set("app.web.readonly.status_port", 2010)
        })
    };
    let mut sidecar = Sidecar::start(host, agent());
    sidecar.wait_for_notification("web: open, UP on 1 of 1 balancer");
    let _prometheus = prometheus(host);
    agent().run("restart", "web").expect_exit(0);
    // The hold is for the panel that shows holds.
    agent().run("close", "web").expect_exit(0);
    for query in queries() {
        wait_for(&query, Duration::from_secs(20), || {
            let found = ask(host, &format!("query?query={}", encoded(&query)));
            assert_eq!(found["status"], "success", "{query}: {found}");
            let samples = found["data"]["result"].as_array()?;
            (!samples.is_empty()).then_some(())
        });
    }
    let rules = ask(host, "rules");
    let rules = rules["data"]["groups"][0]["rules"]
        .as_array()
        .expect("rules");
    assert!(rules.len() > 10);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_ne!(rule["state"], "firing", "{rule}");
    }
}

/// Prometheus beside the sidecar, as the documentation has it, but for the interval.
fn prometheus(host: &Host) -> Process {
    let config = host.dir.join("prometheus.yml");
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/watching/alerts.yml");
    let text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{rules}]\n\
         scrape_configs:\n  - job_name: haproxy-gate\n    \
         static_configs: [{{targets: ['{SIDECAR}'], labels: {{instance: web1}}}}]\n"
    );
    fs::write(&config, text).expect("prometheus.yml");
    let mut command = host.namespace.command("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            host.dir.join("tsdb").display()
        ))
        .arg(format!("--web.listen-address={PROMETHEUS}"));
    Process::spawn("prometheus", &mut command)
}

/// The queries of the dashboard, for all apps and all hosts.
fn queries() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/systemd/watching/dashboard.json"
    );
    let text = fs::read_to_string(path).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(dashboard["schemaVersion"], 37);
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| {
        let targets = panel["targets"].as_array();
        targets.unwrap_or_else(|| panic!("no targets in {panel}"))
    });
    let all = |target: &Value| {
        let query = target["expr"].as_str().expect("an expr");
        let query = query.replace("$app", ".*").replace("$instance", ".*");
        assert!(!query.contains('$'), "{query}");
        query
    };
    targets.map(all).collect()
}

fn ask(host: &Host, path: &str) -> Value {
    let address: SocketAddr = PROMETHEUS.parse().expect("an address");
    let body = wait_for("Prometheus", Duration::from_secs(20), || {
        let mut stream = connect(&host.namespace.path(), address).ok()?;
        let request = format!("GET /api/v1/{path} HTTP/1.0\r\nHost: prometheus\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        // 503 while it starts.
        (!head.contains(" 503 ")).then(|| body.to_owned())
    });
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// For a URL.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
