//! The usual set-up: three hosts with `lab-app`, one HAProxy, gates open.

use std::time::Duration;

use super::agent::Agent;
use super::app::App;
use super::haproxy::Haproxy;
use super::reference::{QUICK, Reference};
use super::release::Release;
use super::report::Report;
use super::settings::Settings;
use super::site::{BALANCER, Host, Site};
use super::traffic::{FULL, InFlight, RATE, Traffic};
use super::wait_for;

// Processes before the site: Rust drops fields in this order.
pub struct Fleet {
    pub haproxy: Haproxy,
    pub apps: Vec<App>,
    pub site: Site,
    layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    TwoStage,
    Classic,
    Single,
}

/// The hosts of a fleet.
pub const NUMBERS: [usize; 3] = [1, 2, 3];

/// The time of a cold start.
pub const COLD: Duration = Duration::from_secs(1);

/// The time of a start that hardly takes any.
const QUICK_START: Duration = Duration::from_millis(100);

impl Fleet {
    pub fn two_stage(test: &str) -> Fleet {
        Fleet::with(test, Layout::TwoStage, |reference| reference)
    }

    /// A fleet with a changed HAProxy configuration.
    pub fn with(test: &str, layout: Layout, change: impl FnOnce(Reference) -> Reference) -> Fleet {
        Fleet::behind(Release::Installed, test, layout, change)
    }

    pub fn behind(
        release: Release,
        test: &str,
        layout: Layout,
        change: impl FnOnce(Reference) -> Reference,
    ) -> Fleet {
        Fleet::create(test, layout, change, (release, COLD))
    }

    /// A two-stage fleet whose apps start at once, with open gates.
    pub fn quick(test: &str, change: impl FnOnce(Reference) -> Reference) -> Fleet {
        let fleet = Fleet::closed(test, change);
        fleet.open_gates();
        fleet
    }

    /// The same with closed gates.
    pub fn closed(test: &str, change: impl FnOnce(Reference) -> Reference) -> Fleet {
        let quick = (Release::Installed, QUICK_START);
        Fleet::create(test, Layout::TwoStage, change, quick)
    }

    /// Any number of hosts in the two-stage layout, with quick apps and open gates.
    pub fn of_hosts(test: &str, hosts: usize) -> Fleet {
        let site = Site::create(test, hosts);
        let lines = Reference::of_hosts(&site.dir, hosts).patient();
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &lines);
        let start = |host: &Host| start_app(host, QUICK_START);
        let apps: Vec<App> = site.hosts.iter().map(start).collect();
        apps.iter().for_each(|app| app.wait_until_warm());
        let fleet = Fleet {
            haproxy,
            apps,
            site,
            layout: Layout::TwoStage,
        };
        let agents: Vec<Agent<'_>> = (1..=hosts)
            .map(|number| fleet.agent(number, |settings| settings))
            .collect();
        let opening: Vec<_> = agents
            .iter()
            .map(|agent| agent.start("open", "web"))
            .collect();
        for agent in opening {
            agent.wait().expect_exit(0);
        }
        fleet.haproxy.wait_until_all_up();
        fleet
    }

    fn create(
        test: &str,
        layout: Layout,
        change: impl FnOnce(Reference) -> Reference,
        (release, cold): (Release, Duration),
    ) -> Fleet {
        let site = Site::create(test, 3);
        let config = match layout {
            Layout::TwoStage => Reference::two_stage(&site.dir),
            Layout::Classic => Reference::classic(&site.dir),
            Layout::Single => Reference::single(&site.dir),
        };
        let haproxy = Haproxy::start_of(release, &site.balancer, &site.dir, &change(config));
        let start = |host: &Host| start_app(host, cold);
        let apps: Vec<App> = site.hosts.iter().map(start).collect();
        apps.iter().for_each(|app| app.wait_until_warm());
        Fleet {
            haproxy,
            apps,
            site,
            layout,
        }
    }

    /// Opens the gates of all hosts, and waits until HAProxy shows all lines UP.
    pub fn open_gates(&self) {
        self.open_gates_with(|settings| settings);
    }

    /// The same with changed settings.
    pub fn open_gates_with(&self, change: impl Fn(Settings) -> Settings) {
        let agents = NUMBERS.map(|number| self.agent(number, &change));
        let opening = agents.map(|agent| agent.start("open", "web"));
        for agent in opening {
            agent.wait().expect_exit(0);
        }
        self.haproxy.wait_until_all_up();
    }

    /// `agent restart web` on each host in turn; each must exit 0.
    pub fn roll(&self, change: impl Fn(Settings) -> Settings) -> Vec<Report> {
        let hosts = NUMBERS.into_iter();
        let reports = hosts.map(|number| {
            let agent = self.agent(number, &change);
            agent.run("restart", "web").expect_exit(0).report()
        });
        reports.collect()
    }

    /// Stops the app of a host, as a host that goes down does.
    pub fn stop_app(&mut self, number: usize) {
        self.apps[number - 1].daemon.process.stop();
    }

    /// How often each app has booted.
    pub fn boots(&self) -> Vec<usize> {
        self.apps.iter().map(|app| app.boots().len()).collect()
    }

    /// The agent of host 1, 2 or 3, with changed settings. It asks HAProxy over TCP, like a host
    /// without its own balancer.
    pub fn agent(&self, number: usize, change: impl FnOnce(Settings) -> Settings) -> Agent<'_> {
        let settings = self.settings(number).haproxy("tcp://10.77.0.1:9999");
        Agent::new(self.host(number), &change(settings))
    }

    /// Settings without a balancer.
    pub fn settings(&self, number: usize) -> Settings {
        let state = self.host(number).dir.join("state");
        let restart = self.app(number).daemon.restart.clone();
        match self.layout {
            Layout::TwoStage => Settings::two_stage(&state, restart),
            Layout::Classic | Layout::Single => Settings::classic(&state, restart),
        }
    }

    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    pub fn app(&self, number: usize) -> &App {
        &self.apps[number - 1]
    }

    /// Another HAProxy with the same lines on port 81, its stats on 9998, and its own checks.
    pub fn second_balancer(&self, checks: &str) -> Haproxy {
        let dir = self.site.dir.join("balancer2");
        let reference = Reference::two_stage(&dir)
            .with("bind :80", "bind :81")
            .with(":9999", ":9998")
            .with(QUICK, checks);
        Haproxy::start(&self.site.balancer, &dir, &reference)
    }

    pub fn traffic(&self) -> Traffic {
        self.traffic_to(80, "/", RATE)
    }

    /// The rate in the README.
    pub fn full_traffic(&self) -> Traffic {
        self.traffic_to(80, "/", FULL)
    }

    pub fn traffic_to(&self, port: u16, path: &str, rate: f64) -> Traffic {
        let to = format!("{BALANCER}:{port}");
        Traffic::start(&self.site.balancer, &to, path, rate)
    }

    /// A sticky user of a host sends a request that the app answers after so many ms. The app has it when
    /// this returns. HAProxy's counters are no sign of it: they count the requests of all users.
    pub fn slow_request(&self, number: usize, ms: u64) -> InFlight {
        let (to, path) = (format!("{BALANCER}:80"), format!("/slow?ms={ms}"));
        let cookie = format!("w{number}");
        let before = self.app(number).late_requests();
        let request = InFlight::send(&self.site.balancer, &to, &path, Some(&cookie));
        wait_for("the request in flight", Duration::from_secs(20), || {
            (self.app(number).late_requests() > before).then_some(())
        });
        request
    }
}

fn start_app(host: &Host, cold: Duration) -> App {
    let (namespace, name) = (&host.namespace, host.name());
    App::start(namespace, &host.dir, &name, "[::]:1000", cold)
}
