//! An app that accepts only TLS behind a PROXY header, with the backend that the agent prints for
//! it: a real nginx behind a real HAProxy.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::generate_simple_self_signed;
use toml::{Table, Value};

use crate::setup::{Diagnosis, STATS};
use lab::agent::Agent;
use lab::daemon::{Daemon, argv};
use lab::haproxy::Haproxy;
use lab::reference::Reference;
use lab::settings::Settings;
use lab::site::{Host, Site};

const NAME: &str = "shop.example";

#[test]
fn the_printed_backend_serves_tls_behind_a_proxy_header() {
    let site = Site::create("doctor_speaks", 1);
    let host = &site.hosts[0];
    let ca = certificate(&host.dir);
    let nginx = start_nginx(host);
    let settings = settings(host, &nginx, &ca);
    let agent = Agent::new(host, &settings);

    let printed = |layout: &str| {
        let words = ["haproxy-config", "--whole", "--host", "web1=10.77.0.11"];
        let ours = ["--verify", "none", "--layout", layout];
        let text = agent
            .words(&[&words[..], &ours].concat())
            .expect_exit(0)
            .out;
        Reference::printed(text, &site.dir)
    };
    let start = |reference: &Reference| Haproxy::start(&site.balancer, &site.dir, reference);
    let cfg = site.dir.join("haproxy.cfg").display().to_string();
    let doctor = || {
        let words = ["doctor", "--json", "--haproxy-cfg", &cfg];
        Diagnosis::of(agent.words(&words))
    };

    // The twin of the classic layout checks the app itself.
    let haproxy = start(&printed("classic"));
    agent.words(&["recover", "web"]).expect_exit(0);
    haproxy.wait_until_all_up();
    drop(haproxy);

    let haproxy = start(&printed("two-stage"));
    haproxy.wait_until_all_up();
    let served = site.balancer.run("curl", &["-sS", "http://10.77.0.1/"]);
    assert_eq!(served, "shop\n");
    let diagnosis = doctor();
    diagnosis.expect_ok("app-health");
    // `min_available` is 0: there is no other host.
    diagnosis.expect_only(&["others"]);
    agent.words(&["restart", "web"]).expect_exit(0);
    drop(haproxy);

    // Without either word the lines go DOWN, as the doctor says before the reload.
    for (word, check) in [
        (" check-ssl", "cfg-check-ssl"),
        (" check-send-proxy", "cfg-check-send-proxy"),
    ] {
        let haproxy = start(&printed("two-stage").with(word, ""));
        doctor().expect(check, "error", "there is no `check-");
        haproxy.wait_until("all server lines are DOWN", |lines| {
            lines.iter().all(|line| line.status() == "DOWN")
        });
    }

    // The checks use TLS as `health` does, and the users do not: no line goes DOWN for this.
    let _haproxy = start(&printed("two-stage").with(" ssl verify none", " verify none"));
    let says = "`check-ssl` without `ssl`, users come in plain text";
    doctor().expect("cfg-check-ssl", "error", says);
}

/// Self-signed, as `openssl req -x509` makes it.
fn certificate(dir: &Path) -> PathBuf {
    let own = generate_simple_self_signed(vec![NAME.to_owned()]).expect("a certificate");
    let path = dir.join("shop.pem");
    fs::write(&path, own.cert.pem()).expect("shop.pem");
    fs::write(dir.join("shop.key"), own.signing_key.serialize_pem()).expect("shop.key");
    path
}

fn settings(host: &Host, nginx: &Daemon, ca: &Path) -> Settings {
    Settings::two_stage(&host.dir.join("state"), nginx.restart.clone())
        .unset("app.web.health.http")
        .set("app.web.health.https", "/healthz")
        .set("app.web.health.host", NAME)
        .set("app.web.health.ca", ca.display().to_string())
        .set("app.web.health.proxy", true)
        .set("app.web.min_available", 0)
        .haproxy(STATS)
}

fn start_nginx(host: &Host) -> Daemon {
    let dir = host.dir.display();
    let config = host.dir.join("nginx.conf").display().to_string();
    let text = format!(
        "\
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log notice;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server {{
        listen 1000 ssl proxy_protocol;
        ssl_certificate {dir}/shop.pem;
        ssl_certificate_key {dir}/shop.key;
        location / {{ return 200 \"shop\\n\"; }}
    }}
}}
"
    );
    fs::write(&config, text).expect("nginx.conf");
    let log = host.dir.join("error.log").display().to_string();
    let start = argv(&["nginx", "-e", &log, "-c", &config]);
    let mut reload = start.clone();
    reload.extend(argv(&["-s", "reload"]));
    let mut restart = Table::new();
    restart.insert("command".into(), reload.into());
    Daemon::start(&host.namespace, "nginx", start, Value::Table(restart))
}
