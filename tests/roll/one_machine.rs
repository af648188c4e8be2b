//! HAProxy and two apps on one machine, all on loopback, one unix socket: the pattern's
//! first published example.

use std::time::Duration;

use crate::lab::agent::Agent;
use crate::lab::app::App;
use crate::lab::haproxy::Haproxy;
use crate::lab::reference::Reference;
use crate::lab::settings::Settings;
use crate::lab::site::{Host, Site};
use crate::lab::traffic::{RATE, Traffic};

#[test]
fn one_machine() {
    let site = Site::create("one_machine", 1);
    let host = &site.hosts[0];
    let reference = Reference::one_machine(&site.dir);
    let haproxy = Haproxy::start(&host.namespace, &site.dir, &reference);
    let apps = [("one", "127.0.0.1:1000"), ("two", "127.0.0.1:1001")];
    let apps = apps.map(|(name, listen)| start(host, name, listen));
    let socket = haproxy.socket.display().to_string();
    let agent = Agent::new(host, &settings(host, &apps).haproxy(&socket));
    for app in &apps {
        app.wait_until_warm();
        agent.open(app.name());
    }
    haproxy.wait_until_all_up();
    let traffic = Traffic::start(&host.namespace, "127.0.0.1:80", "/", RATE);
    for app in &apps {
        agent.run("restart", app.name()).expect_exit(0);
    }
    let met = traffic.stop();
    met.assert_unnoticed();
    assert_eq!(apps.map(|app| app.boots().len()), [2, 2]);
    assert_eq!(haproxy.trouble(), 0);
}

fn start(host: &Host, name: &str, listen: &str) -> App {
    let cold = Duration::from_millis(500);
    App::start(&host.namespace, &host.dir, name, listen, cold)
}

fn settings(host: &Host, apps: &[App; 2]) -> Settings {
    let state = host.dir.join("state").display().to_string();
    let settings = Settings::empty().set("agent.state_dir", state);
    apps.iter().zip(0..).fold(settings, |settings, (app, n)| {
        let key = |key: &str| format!("app.{}.{key}", app.name());
        settings
            .set(&key("port"), 1000 + n)
            .set(&key("status_port"), 2000 + n)
            .set(&key("backup_status_port"), 3000 + n)
            .set(&key("health.http"), "/healthz")
            .set(&key("restart"), app.daemon.restart.clone())
    })
}
