//! The usual set-up: two machines behind one HAProxy, both with users. Their firewall keeps
//! connection tracking on, as most do.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::package;
use lab::firewall;
use lab::haproxy::Haproxy;
use lab::machine::{Disk, Machine};
use lab::reference::Reference;
use lab::settings::Settings;
use lab::site::{BALANCER, Host, Site};
use lab::traffic::{InFlight, RATE, Traffic};

// Processes before the site: fields are dropped in this order.
pub struct Pair {
    pub haproxy: Haproxy,
    machines: BTreeMap<usize, Machine>,
    pub site: Site,
}

impl Pair {
    /// Both have booted with the package and a configuration, and are in rotation. No operator has
    /// opened a gate.
    pub fn up(test: &str) -> Pair {
        Pair::up_with(test, |config| config)
    }

    /// The same behind a HAProxy with a changed configuration.
    pub fn up_with(test: &str, change: impl FnOnce(Reference) -> Reference) -> Pair {
        let pair = Pair::booted(test, change, [1, 2].map(with_package));
        pair.haproxy.wait_until_all_up();
        let machines = pair.machines.values();
        machines.for_each(|machine| machine.wait_until_idle());
        pair
    }

    /// Machine 2 alone, in rotation.
    pub fn without_the_first(test: &str) -> Pair {
        let pair = Pair::booted(test, |config| config, [with_package(2)]);
        pair.wait_until_up(2);
        pair
    }

    /// Machine 1 has the app but not the package; machine 2 is in rotation.
    pub fn with_a_bare_first(test: &str) -> Pair {
        let bare = (1, Disk::with_app("web1"), false);
        let pair = Pair::booted(test, |config| config, [bare, with_package(2)]);
        pair.wait_until_up(2);
        pair
    }

    fn booted(
        test: &str,
        change: impl FnOnce(Reference) -> Reference,
        wanted: impl IntoIterator<Item = (usize, Disk, bool)>,
    ) -> Pair {
        let site = Site::create(test, 2);
        site.hosts.iter().for_each(firewall::keep_tracking);
        let config = change(Reference::two_hosts(&site.dir));
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &config);
        let mut pair = Pair {
            haproxy,
            machines: BTreeMap::new(),
            site,
        };
        for (number, disk, package) in wanted {
            pair.boot(number, &disk, package);
        }
        let machines = pair.machines.values();
        machines.for_each(|machine| machine.wait_until_booted());
        pair
    }

    /// Begins to boot the machine.
    pub fn boot(&mut self, number: usize, disk: &Disk, package: bool) -> &Machine {
        let deb = package.then(package::built);
        let machine = Machine::boot(self.host(number), disk, deb.as_deref());
        self.machines.insert(number, machine);
        self.machine(number)
    }

    pub fn machine(&self, number: usize) -> &Machine {
        &self.machines[&number]
    }

    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    /// Gives each user the time to come once.
    pub fn traffic(&self) -> Traffic {
        let traffic = Traffic::start(&self.site.balancer, &format!("{BALANCER}:80"), "/", RATE);
        sleep(Duration::from_secs(1));
        traffic
    }

    /// A user of machine 1 has sent a request that the app answers after so many ms.
    pub fn slow_request(&self, ms: u64) -> InFlight {
        let (to, path) = (format!("{BALANCER}:80"), format!("/slow?ms={ms}"));
        let app = &self.machine(1).app;
        let before = app.late_requests();
        let request = InFlight::send(&self.site.balancer, &to, &path, Some("w1"));
        app.wait_for_late_request_after(before);
        request
    }

    /// Waits until HAProxy shows both lines of a host UP, and its agents are done.
    pub fn wait_until_up(&self, number: usize) {
        let what = format!("host {number} to be UP");
        let ours = [format!("web{number}"), format!("bkp{number}")];
        self.haproxy.wait_until(&what, |lines| {
            let is_ours = |name: &str| ours.iter().any(|one| one == name);
            let mut ours = lines.iter().filter(|line| is_ours(line.get("svname")));
            ours.all(|line| line.status() == "UP")
        });
        self.machine(number).wait_until_idle();
    }
}

/// A machine that has the package and its configuration from the beginning.
fn with_package(number: usize) -> (usize, Disk, bool) {
    (number, configured(number), true)
}

pub fn configured(number: usize) -> Disk {
    Disk::with_app(&format!("web{number}")).config(&settings())
}

/// The settings of the README, with all installed paths.
pub fn settings() -> Settings {
    let restart = toml::toml! {
        systemd = "web.service"
        job = "restart"
    };
    Settings::two_stage(Path::new(""), restart)
        .unset("agent.state_dir")
        .haproxy("tcp://10.77.0.1:9999")
}
