//! An operator's fleet whose hosts have two targets each. At the begin blue is current everywhere.

use super::lines::Lines;
use super::target::{BLUE, GREEN, Target};
use crate::built;
use crate::daemon::argv;
use crate::estate::{self, COLD, Estate};
use crate::remote::Remote;
use crate::settings::Settings;
use crate::site::Host;
use crate::stats::Line;

impl Estate {
    /// At most the three hosts of the reference, with changed settings of the agents.
    pub fn with_targets(test: &str, hosts: usize, change: impl Fn(Settings) -> Settings) -> Estate {
        let base = Settings::empty().set("app.web.health.http", "/healthz");
        let base = change(estate::balancers(base));
        let start = |host: &Host, key: &str| {
            let targets = [BLUE, GREEN].map(|name| Target::create(&host.dir, &host.name(), name));
            let settings = targets.iter().fold(base.clone(), with_target);
            Remote::with(&built::agent(), host, targets.into(), &settings, COLD, key)
        };
        let lines = |dir: &_, hosts| Lines::with_twins().of(dir, hosts);
        let estate = Estate::build(test, hosts, lines, start);
        for number in 1..=hosts {
            estate.wait_until_current(number, BLUE);
        }
        estate
    }

    pub fn target(&self, number: usize, name: &str) -> &Target {
        let mut targets = self.remote(number).targets.iter();
        let found = targets.find(|target| target.name == name);
        found.unwrap_or_else(|| panic!("no target {name}"))
    }

    /// Its processes are those of its host: only there its pid means something.
    pub fn runs(&self, number: usize, name: &str) -> bool {
        let pidfile = self.target(number, name).pidfile();
        let line = format!(
            "kill -0 $(cat {}) 2>/dev/null && echo yes || true",
            pidfile.display()
        );
        self.remote(number).sh(&line) == "yes\n"
    }

    /// By the rules in the kernel, by both HAProxies, and by the process: this target serves, and
    /// the port of the other one is parked on it.
    pub fn assert_current(&self, number: usize, name: &str) {
        let rules = self.host(number).rules();
        for target in &self.remote(number).targets {
            let is_current = target.name == name;
            for port in [target.status_port(), target.backup_status_port()] {
                let open = self.host(number).gate_is_open(port);
                assert_eq!(open, is_current, "gate {port} of host {number}\n{rules}");
            }
            let parked = self.host(number).parked(target.port());
            let current = self.target(number, name).port();
            let wanted = (!is_current).then_some(current);
            assert_eq!(parked, wanted, "host {number}\n{rules}");
        }
        for haproxy in &self.haproxies {
            let lines = haproxy.servers();
            assert!(shows(&lines, number, name), "host {number}: {lines:?}");
        }
        assert!(self.runs(number, name), "{name} of host {number} runs");
    }

    fn wait_until_current(&self, number: usize, name: &str) {
        for haproxy in &self.haproxies {
            let what = format!("{name} of host {number} is UP");
            haproxy.wait_until(&what, |lines| shows(lines, number, name));
        }
    }
}

/// The lines of this target are UP, and those of the other one are DOWN.
fn shows(lines: &[Line], number: usize, name: &str) -> bool {
    [BLUE, GREEN].iter().all(|target| {
        let wanted = if *target == name { "UP" } else { "DOWN" };
        ["web", "bkp"].iter().all(|stage| {
            let line = format!("{stage}{number}-{target}");
            let mut lines = lines.iter();
            lines.any(|one| one.get("svname") == line && one.status() == wanted)
        })
    })
}

fn with_target(settings: Settings, target: &Target) -> Settings {
    let command = |verb| argv(&["/usr/local/sbin/web", verb, target.name]);
    let table = target.table(true, ["start", "stop"].map(command));
    settings.set(&format!("app.web.target.{}", target.name), table)
}
