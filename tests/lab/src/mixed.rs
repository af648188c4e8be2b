//! Three hosts with three different apps behind one HAProxy: Apache, an app with a slow
//! cold start, nginx.

use std::time::Duration;

use super::agent::Agent;
use super::app::App;
use super::daemon::Daemon;
use super::fleet::NUMBERS;
use super::haproxy::Haproxy;
use super::reference::Reference;
use super::settings::Settings;
use super::site::{BALANCER, Host, Site};
use super::traffic::{InFlight, Traffic};
use super::{apache, nginx, wait_for};

// Processes before the site: Rust drops fields in this order.
pub struct Mixed {
    pub haproxy: Haproxy,
    pub daemons: [Daemon; 3],
    pub site: Site,
}

impl Mixed {
    pub fn start(test: &str, cold: Duration) -> Mixed {
        let site = Site::create(test, NUMBERS.len());
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &Reference::two_stage(&site.dir));
        let [one, two, three] = [0, 1, 2].map(|index| &site.hosts[index]);
        let app = App::start(&two.namespace, &two.dir, &two.name(), "0.0.0.0:1000", cold);
        let daemons = [apache::start(one), app.daemon, nginx::start(three)];
        let mixed = Mixed {
            haproxy,
            daemons,
            site,
        };
        for number in NUMBERS {
            mixed.wait_until_healthy(number);
        }
        mixed
    }

    pub fn open_gates(&self) {
        let agents = NUMBERS.map(|number| self.agent(number));
        let opening = agents.map(|agent| agent.start("open", "web"));
        for agent in opening {
            agent.wait().expect_exit(0);
        }
        self.haproxy.wait_until_all_up();
    }

    pub fn agent(&self, number: usize) -> Agent<'_> {
        let host = self.host(number);
        let restart = self.daemons[number - 1].restart.clone();
        let settings = Settings::two_stage(&host.dir.join("state"), restart);
        Agent::new(host, &settings.haproxy("tcp://10.77.0.1:9999"))
    }

    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    pub fn traffic(&self, rate: f64) -> Traffic {
        Traffic::start(&self.site.balancer, &format!("{BALANCER}:80"), "/", rate)
    }

    /// Stops and starts the app of a host, and waits until it answers again.
    pub fn stop_and_start(&mut self, number: usize) {
        let host = &self.site.hosts[number - 1];
        self.daemons[number - 1].stop_and_start(&host.namespace);
        self.wait_until_healthy(number);
    }

    fn wait_until_healthy(&self, number: usize) {
        let host = self.host(number);
        let to = format!("{}:1000", host.address());
        wait_for("a healthy app", Duration::from_secs(20), || {
            let probe = InFlight::send(&host.namespace, &to, "/healthz", None);
            (probe.answer().status == 200).then_some(())
        });
    }
}
