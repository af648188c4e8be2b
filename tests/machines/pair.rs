//! The usual set-up: two machines behind one HAProxy.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::lab::haproxy::Haproxy;
use crate::lab::load::record::Summary;
use crate::lab::machine::{Disk, Machine};
use crate::lab::reference::Reference;
use crate::lab::settings::Settings;
use crate::lab::site::{BALANCER, Host, Site};
use crate::lab::traffic::{RATE, Traffic};
use crate::package;

// Processes before the site: fields are dropped in this order.
pub struct Pair {
    pub haproxy: Haproxy,
    pub machines: Vec<Machine>,
    pub site: Site,
}

impl Pair {
    /// Both machines have the package and a configuration, and are booted; nobody opens a gate.
    pub fn up(test: &str) -> Pair {
        Pair::with(test, |_, disk| disk)
    }

    /// The same with something changed on the disk of machine 1 or 2.
    pub fn with(test: &str, change: impl Fn(usize, Disk) -> Disk) -> Pair {
        let pair = Pair::boot(test, change, |_| true);
        pair.haproxy.wait_until_all_up();
        pair
    }

    /// Machine 1 knows nothing of the package yet; machine 2 is as usual, and in rotation.
    pub fn bare(test: &str) -> Pair {
        let pair = Pair::boot(test, |_, disk| disk, |number| number == 2);
        pair.wait_until_up(2);
        pair
    }

    fn boot(
        test: &str,
        change: impl Fn(usize, Disk) -> Disk,
        has_package: impl Fn(usize) -> bool,
    ) -> Pair {
        let site = Site::create(test, 2);
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &Reference::two_hosts(&site.dir));
        let deb = package::built();
        let boot = |host: &Host| {
            let disk = Disk::with_app(&host.name());
            let disk = if has_package(host.number) {
                disk.config(&settings())
            } else {
                disk
            };
            let deb = has_package(host.number).then_some(deb.as_path());
            Machine::boot(host, &change(host.number, disk), deb)
        };
        let machines: Vec<Machine> = site.hosts.iter().map(boot).collect();
        machines.iter().for_each(Machine::wait_until_booted);
        Pair {
            haproxy,
            machines,
            site,
        }
    }

    pub fn machine(&self, number: usize) -> &Machine {
        &self.machines[number - 1]
    }

    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    /// Gives the users the time to come, each once.
    pub fn traffic(&self) -> Traffic {
        let traffic = Traffic::start(&self.site.balancer, &format!("{BALANCER}:80"), "/", RATE);
        sleep(Duration::from_secs(1));
        traffic
    }

    /// Waits until HAProxy shows both lines of a host UP.
    pub fn wait_until_up(&self, number: usize) {
        let names = [format!("web{number}"), format!("bkp{number}")];
        let what = format!("host {number} to be UP");
        self.haproxy.wait_until(&what, |lines| {
            let mut ours = lines
                .iter()
                .filter(|line| names.iter().any(|name| line.get("svname") == name));
            ours.all(|line| line.status() == "UP")
        });
    }

    /// Nobody noticed, neither the users nor HAProxy.
    pub fn assert_unnoticed(&self, traffic: Traffic) -> Summary {
        let met = traffic.stop();
        let said = self.haproxy.bad_requests();
        assert_eq!(met.failed, 0, "{:#?}\n{said:#?}", met.failures);
        met.assert_unnoticed();
        println!(
            "{} requests at {:.0}/s, {} failed, slowest {:.0} ms; HAProxy's errors, retries and \
             redispatches: {}",
            met.requests,
            met.rate,
            met.failed,
            met.slowest_ms,
            self.haproxy.trouble()
        );
        met
    }
}

/// As in the README, with all paths as installed.
pub fn settings() -> Settings {
    let restart = toml::toml! {
        systemd = "web.service"
        job = "restart"
    };
    Settings::two_stage(Path::new(""), restart)
        .unset("agent.state_dir")
        .haproxy("tcp://10.77.0.1:9999")
}
