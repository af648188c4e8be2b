//! Gates to another place than the app's port on the host: a container whose port Docker publishes
//! without its proxy, and the health service of a database.

use std::time::Duration;

use lab::agent::Agent;
use lab::app::App;
use lab::front::published_container;
use lab::haproxy::Haproxy;
use lab::namespace::Namespace;
use lab::reference::{QUICK, Reference};
use lab::settings::Settings;
use lab::site::{BALANCER, Host, Site};
use lab::traffic::{RATE, Traffic};

/// Two hosts in the single layout: one line each.
fn haproxy(site: &Site, backend: &str) -> Haproxy {
    let dir = site.dir.display();
    let mut text = format!(
        "global\n stats socket {dir}/user.sock mode 660 level user\n \
         stats socket ipv4@{BALANCER}:9999 level user\n stats maxconn 100\n\
         defaults\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n \
         timeout check 2s\n option redispatch\n default-server check {QUICK} fall 2 rise 2\n\
         listen srvs\n bind {BALANCER}:80\n {backend}\n"
    );
    for host in &site.hosts {
        let (name, at) = (host.name(), host.address());
        text += &format!(" server {name} {at}:1000 check port 2000\n");
    }
    Haproxy::start(&site.balancer, &site.dir, &Reference::of(text))
}

fn agent<'a>(host: &'a Host, app: &App, gate_to: impl Into<toml::Value>) -> Agent<'a> {
    let settings = Settings::classic(&host.dir.join("state"), app.daemon.restart.clone())
        .set("app.web.restart.signal", "SIGUSR1")
        .set("app.web.gate_to", gate_to)
        .haproxy("tcp://10.77.0.1:9999");
    Agent::new(host, &settings)
}

/// The restart cuts what is in flight, also on a worker that leaves after a reload: only connection
/// tracking shows these connections. No user notices.
#[test]
fn containers_restart_unnoticed() {
    let site = Site::create("gate_to_box", 2);
    let boxes: Vec<Namespace> = site.hosts.iter().map(published_container).collect();
    let start = |(host, inside): (&Host, &Namespace)| {
        let app = App::start(inside, &host.dir, &host.name(), "[::]:8080", Duration::ZERO);
        app.wait_until_warm();
        app
    };
    let apps: Vec<App> = site.hosts.iter().zip(&boxes).map(start).collect();
    let haproxy = haproxy(&site, "mode http");
    let all = || site.hosts.iter().zip(&apps);
    for (host, app) in all() {
        agent(host, app, "10.88.0.2:8080").open("web");
    }
    haproxy.wait_until_all_up();
    let traffic = Traffic::start(&site.balancer, &format!("{BALANCER}:80"), "/", RATE);
    for (host, app) in all() {
        haproxy.reload();
        let boots = app.boots().len();
        let restart = agent(host, app, "10.88.0.2:8080").run("restart", "web");
        restart.expect_exit(0);
        assert_eq!(app.boots().len(), boots + 1);
    }
    traffic.stop().assert_unnoticed();
    assert_eq!(haproxy.trouble(), 0);
}

/// HAProxy checks a health service on another port, such as Galera's or Patroni's, and sends its
/// users to the database. The agent asks the same service whether the database is healthy.
#[test]
fn the_health_service_of_a_database_answers_the_checks() {
    let site = Site::create("gate_to_health", 2);
    let start = |host: &Host| {
        let [database, health] = [("db", "[::]:1000"), ("health", "[::]:9200")]
            .map(|(name, at)| App::start(&host.namespace, &host.dir, name, at, Duration::ZERO));
        database.wait_until_warm();
        health.wait_until_warm();
        (database, health)
    };
    let apps: Vec<(App, App)> = site.hosts.iter().map(start).collect();
    let haproxy = haproxy(&site, "mode tcp\n option httpchk GET /healthz");
    for (host, (database, _)) in site.hosts.iter().zip(&apps) {
        agent(host, database, 9200).open("web");
    }
    haproxy.wait_until_all_up();
    let (host, (database, health)) = (&site.hosts[0], &apps[0]);
    let agent = agent(host, database, 9200);
    let restart = agent.run("restart", "web");
    restart.expect_exit(0);
    haproxy.wait_until_all_up();
    assert_eq!((database.boots().len(), health.boots().len()), (2, 1));
    let status = agent.words(&["status", "web"]).expect_exit(0).out;
    assert!(status.contains("2000 -> 9200"), "{status}");
    // The database listens, and its service says that it is not in the cluster.
    health.set_sick(true);
    haproxy.wait_until("web1 to be DOWN", |lines| {
        let mut lines = lines.iter();
        lines.any(|line| line.get("svname") == "web1" && line.status() == "DOWN")
    });
    let status = agent.words(&["status", "web", "--json"]).out;
    assert!(status.contains("503 from GET /healthz"), "{status}");
}
