//! The hosts, their targets, and HAProxy. Blue is current when the gates open for the first time.

use std::time::Duration;

use toml::Value;

use super::capacity::Capacity;
use super::lines::Lines;
use super::owned::Owned;
use super::target::{BLUE, GREEN, Target};
use crate::agent::Agent;
use crate::daemon::argv;
use crate::haproxy::Haproxy;
use crate::reference::Reference;
use crate::release::Release;
use crate::settings::Settings;
use crate::site::{BALANCER, Host, Site};
use crate::traffic::{InFlight, RATE, Traffic};
use crate::wait_for;

/// Requests a second.
const PROMISED: f64 = 500.0;

/// The time of a start.
const COLD: Duration = Duration::from_secs(1);

// Processes before the site: Rust drops fields in this order.
pub struct Farm {
    pub haproxy: Haproxy,
    targets: Vec<[Owned; 2]>,
    pub site: Site,
    pub lines: Lines,
}

impl Farm {
    /// With closed gates, and blue running everywhere.
    pub fn start(test: &str, hosts: usize, lines: Lines) -> Farm {
        Farm::behind(Release::Installed, test, hosts, lines)
    }

    pub fn behind(release: Release, test: &str, hosts: usize, lines: Lines) -> Farm {
        Farm::with(release, test, hosts, lines, |reference| reference)
    }

    /// With a changed HAProxy configuration.
    pub fn with(
        release: Release,
        test: &str,
        hosts: usize,
        lines: Lines,
        change: impl FnOnce(Reference) -> Reference,
    ) -> Farm {
        let site = Site::create(test, hosts);
        let config = change(lines.of(&site.dir, hosts));
        let targets = site.hosts.iter().map(|host| {
            [BLUE, GREEN].map(|target| Owned(Target::create(&host.dir, &host.name(), target)))
        });
        let farm = Farm {
            haproxy: Haproxy::start_of(release, &site.balancer, &site.dir, &config),
            targets: targets.collect(),
            site,
            lines,
        };
        for number in farm.numbers() {
            let target = farm.target(number, BLUE);
            target.start(&farm.host(number).namespace, Duration::ZERO);
        }
        farm
    }

    /// The same with open gates, by `agent open --to blue`.
    pub fn open(test: &str, hosts: usize, lines: Lines) -> Farm {
        let farm = Farm::start(test, hosts, lines);
        farm.open_gates();
        farm
    }

    pub fn open_gates(&self) {
        for number in self.numbers() {
            let agent = self.agent(number, |settings| settings);
            let words = ["open", "web", "--to", BLUE, "--json"];
            agent.words(&words).expect_exit(0);
        }
        self.wait_until_current(BLUE);
    }

    pub fn numbers(&self) -> impl Iterator<Item = usize> + use<> {
        1..=self.site.hosts.len()
    }

    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    pub fn target(&self, number: usize, name: &str) -> &Target {
        let mut targets = self.targets[number - 1].iter();
        let found = targets.find(|target| target.name == name);
        found.unwrap_or_else(|| panic!("no target {name}"))
    }

    /// The agent of a host, with changed settings.
    pub fn agent(&self, number: usize, change: impl FnOnce(Settings) -> Settings) -> Agent<'_> {
        Agent::new(self.host(number), &change(self.settings(number)))
    }

    pub fn settings(&self, number: usize) -> Settings {
        let state = self.host(number).dir.join("state").display().to_string();
        let targets = self.targets[number - 1].iter();
        let base = Settings::empty()
            .set("agent.state_dir", state)
            .set("app.web.health.http", "/healthz")
            .haproxy("tcp://10.77.0.1:9999");
        targets.fold(base, |settings, target| {
            let table = target.settings(self.lines.twins, COLD);
            settings.set(&format!("app.web.target.{}", target.name), table)
        })
    }

    /// `verify`: it asks the target as a user does, and writes the agent's environment to `verified`
    /// in the host's folder.
    pub fn verify(&self, number: usize) -> Value {
        let dir = self.host(number).dir.display();
        let line = format!(
            "echo \"$AGENT_APP $AGENT_TARGET $AGENT_PORT\" >>{dir}/verified; \
             test ! -e {dir}/$AGENT_TARGET/unverified || {{ echo the smoke test fails; exit 3; }}; \
             exec 3<>/dev/tcp/127.0.0.1/$AGENT_PORT; \
             printf 'GET / HTTP/1.1\\r\\nHost: lab\\r\\nConnection: close\\r\\n\\r\\n' >&3; \
             grep -q ' 200 ' <&3"
        );
        Value::from(argv(&["bash", "-c", &line]))
    }

    pub fn traffic(&self) -> Traffic {
        self.traffic_of(RATE)
    }

    /// The promised rate.
    pub fn full_traffic(&self) -> Traffic {
        self.traffic_of(PROMISED)
    }

    fn traffic_of(&self, rate: f64) -> Traffic {
        let to = format!("{BALANCER}:80");
        Traffic::start(&self.site.balancer, &to, "/", rate)
    }

    /// A sticky user of a host sends a request that the app answers after so many ms. A target has it when
    /// this returns.
    pub fn slow_request(&self, number: usize, ms: u64) -> InFlight {
        let (to, path) = (format!("{BALANCER}:80"), format!("/slow?ms={ms}"));
        let cookie = format!("w{number}");
        let targets = self.targets[number - 1].iter();
        let begun = || {
            targets
                .clone()
                .map(|one| one.late_requests())
                .sum::<usize>()
        };
        let before = begun();
        let request = InFlight::send(&self.site.balancer, &to, &path, Some(&cookie));
        wait_for("the request in flight", Duration::from_secs(20), || {
            (begun() > before).then_some(())
        });
        request
    }

    /// Looks all the time how many hosts HAProxy can use.
    pub fn capacity(&self) -> Capacity {
        Capacity::start(&self.haproxy)
    }

    /// Waits until HAProxy shows exactly the lines of this target UP on every host.
    pub fn wait_until_current(&self, name: &str) {
        let ends = format!("-{name}");
        self.haproxy.wait_until(&format!("{name} is UP"), |lines| {
            let mut lines = lines.iter().filter(|line| line.get("pxname") == "srvs");
            lines.all(|line| {
                let up = line.get("svname").ends_with(&ends);
                line.status() == if up { "UP" } else { "DOWN" }
            })
        });
    }
}
