//! A fleet as its operator has it: any number of remote hosts behind two HAProxies.

use std::time::Duration;

use super::haproxy::Haproxy;
use super::operator::Operator;
use super::reference::{CALM, QUICK, Reference};
use super::remote::{self, Remote};
use super::settings::Settings;
use super::site::{BALANCER, Host, Site};
use super::traffic::Traffic;
use super::watch::Watch;

// Processes before the site: fields are dropped in this order.
pub struct Estate {
    pub remotes: Vec<Remote>,
    pub haproxies: [Haproxy; 2],
    pub operator: Operator,
    pub site: Site,
}

/// Where users reach one HAProxy, and where agents ask it.
const PORTS: [(u16, u16); 2] = [(80, 9999), (81, 9998)];

/// Requests a second: what users cost, the hosts' agents and Ansible do not have.
const RATE: f64 = 200.0;

/// What an app takes to start.
const COLD: Duration = Duration::from_millis(100);

/// More hosts than these are checked as users would, not as often as a test likes it: both
/// HAProxies and all apps share this machine with the test.
const MANY: usize = 12;

/// Forty agents at once on two cores would not be done in the times they give themselves.
const AT_ONCE: usize = 8;

impl Estate {
    /// Hosts that are all UP on both HAProxies.
    pub fn of(test: &str, hosts: usize) -> Estate {
        Estate::with(test, hosts, |settings| settings)
    }

    /// The same, with the agents' settings changed.
    pub fn with(test: &str, hosts: usize, change: impl Fn(Settings) -> Settings) -> Estate {
        let site = Site::create(test, hosts);
        let operator = Operator::create(site.dir.join("operator"), &site.balancer);
        let haproxies = PORTS.map(|ports| start_haproxy(&site, ports));
        let (settings, key) = (change(settings()), operator.public_key());
        let start = |host| Remote::start(host, &settings, COLD, &key);
        let mut remotes: Vec<_> = site.hosts.iter().map(start).collect();
        remotes.iter_mut().for_each(Remote::wait_until_up);
        operator.meet(&site.hosts);
        open_gates(&remotes);
        for haproxy in &haproxies {
            haproxy.wait_until_all_up();
        }
        Estate {
            remotes,
            haproxies,
            operator,
            site,
        }
    }

    /// The network of a host; the number of the first is 1.
    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    /// What runs on it.
    pub fn remote(&self, number: usize) -> &Remote {
        &self.remotes[number - 1]
    }

    /// How often each app has booted.
    pub fn boots(&self) -> Vec<usize> {
        let apps = self.remotes.iter().map(|remote| &remote.app);
        apps.map(|app| app.boots().len()).collect()
    }

    /// Users of both HAProxies, [`RATE`] requests a second in all.
    pub fn traffic(&self) -> [Traffic; 2] {
        PORTS.map(|(port, _)| {
            let to = format!("{BALANCER}:{port}");
            Traffic::start(&self.site.balancer, &to, "/", RATE / 2.0)
        })
    }

    /// All lines of both HAProxies. An agent that was called off does not wait for that.
    pub fn wait_until_all_up(&self) {
        for haproxy in &self.haproxies {
            haproxy.wait_until_all_up();
        }
    }

    /// Which hosts are out from now on, by both HAProxies.
    pub fn watch(&self) -> Watch {
        Watch::start(&self.haproxies)
    }
}

/// `agent.toml` of each host, in the two-stage layout.
pub fn settings() -> Settings {
    let agents = Settings::app(remote::restart()).set("app.web.backup_status_port", 3000);
    PORTS.iter().fold(agents, |settings, (_, stats)| {
        settings.haproxy(&format!("tcp://{BALANCER}:{stats}"))
    })
}

fn open_gates(remotes: &[Remote]) {
    for some in remotes.chunks(AT_ONCE) {
        let opening: Vec<_> = some.iter().map(Remote::start_opening).collect();
        for agent in opening {
            agent.wait().expect_exit(0);
        }
    }
}

fn start_haproxy(site: &Site, (port, stats): (u16, u16)) -> Haproxy {
    let dir = site.dir.join(format!("balancer{port}"));
    let hosts = site.hosts.len();
    let checks = if hosts > MANY { CALM } else { QUICK };
    let reference = Reference::of_hosts(&dir, hosts)
        .with("bind :80", &format!("bind :{port}"))
        .with(":9999", &format!(":{stats}"))
        .with(QUICK, checks)
        .patient();
    Haproxy::start(&site.balancer, &dir, &reference)
}
