//! An operator's fleet: any number of remote hosts behind two HAProxies.

use std::path::Path;
use std::time::Duration;

use super::built;
use super::haproxy::Haproxy;
use super::operator::Operator;
use super::reference::{CALM, QUICK, Reference};
use super::remote::{self, Remote};
use super::settings::Settings;
use super::site::{BALANCER, Host, Site};
use super::traffic::Traffic;
use super::watch::Watch;

// Processes before the site: Rust drops fields in this order.
pub struct Estate {
    pub remotes: Vec<Remote>,
    pub haproxies: [Haproxy; 2],
    pub operator: Operator,
    pub site: Site,
}

/// The ports of each HAProxy for users and for agents.
const PORTS: [(u16, u16); 2] = [(80, 9999), (81, 9998)];

/// Requests a second. More users would take CPU from the hosts' agents and Ansible.
const RATE: f64 = 200.0;

/// The start time of an app.
pub(super) const COLD: Duration = Duration::from_millis(100);

/// Above this number of hosts the checks are as slow as on real hosts, because both HAProxies and
/// all apps share this machine with the test.
const MANY: usize = 12;

/// Forty agents at once on two cores need more time than the quick limits of the tests.
const AT_ONCE: usize = 8;

impl Estate {
    /// Hosts that are all UP on both HAProxies.
    pub fn of(test: &str, hosts: usize) -> Estate {
        Estate::with(test, hosts, |settings| settings)
    }

    /// The same with changed settings of the agents.
    pub fn with(test: &str, hosts: usize, change: impl Fn(Settings) -> Settings) -> Estate {
        Estate::of_agent(&built::agent(), test, hosts, &change(settings()))
    }

    /// The same with the agent that users install.
    pub fn released(test: &str, hosts: usize) -> Estate {
        Estate::of_agent(&built::released_agent(), test, hosts, &settings())
    }

    fn of_agent(agent: &Path, test: &str, hosts: usize, settings: &Settings) -> Estate {
        let start =
            |host: &Host, key: &str| Remote::with(agent, host, Vec::new(), settings, COLD, key);
        let estate = Estate::build(test, hosts, Reference::of_hosts, start);
        estate.wait_until_all_up();
        estate
    }

    /// Hosts that `start` starts for an operator's key, behind HAProxies with these lines. The
    /// gates are open.
    pub(super) fn build(
        test: &str,
        hosts: usize,
        lines: fn(&Path, usize) -> Reference,
        start: impl Fn(&Host, &str) -> Remote,
    ) -> Estate {
        let site = Site::create(test, hosts);
        let operator = Operator::create(site.dir.join("operator"), &site.balancer);
        let haproxies = PORTS.map(|ports| start_haproxy(&site, lines, ports));
        let key = operator.public_key();
        let starting = site.hosts.iter().map(|host| start(host, &key));
        let mut remotes: Vec<_> = starting.collect();
        remotes.iter_mut().for_each(Remote::wait_until_up);
        operator.meet(&site.hosts);
        open_gates(&remotes);
        Estate {
            remotes,
            haproxies,
            operator,
            site,
        }
    }

    /// A host's network. The first number is 1.
    pub fn host(&self, number: usize) -> &Host {
        &self.site.hosts[number - 1]
    }

    /// The processes of a host.
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

    /// Waits for all lines of both HAProxies. An agent that was called off does not wait for them.
    pub fn wait_until_all_up(&self) {
        for haproxy in &self.haproxies {
            haproxy.wait_until_all_up();
        }
    }

    /// Watches from now on which hosts are out, by both HAProxies.
    pub fn watch(&self) -> Watch {
        Watch::start(&self.haproxies)
    }
}

/// `agent.toml` of each host, in the two-stage layout.
pub fn settings() -> Settings {
    balancers(Settings::app(remote::restart()).set("app.web.backup_status_port", 3000))
}

/// Adds both HAProxies.
pub(super) fn balancers(settings: Settings) -> Settings {
    PORTS.iter().fold(settings, |settings, (_, stats)| {
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

fn start_haproxy(
    site: &Site,
    lines: fn(&Path, usize) -> Reference,
    (port, stats): (u16, u16),
) -> Haproxy {
    let dir = site.dir.join(format!("balancer{port}"));
    let hosts = site.hosts.len();
    let checks = if hosts > MANY { CALM } else { QUICK };
    let reference = lines(&dir, hosts)
        .with("bind :80", &format!("bind :{port}"))
        .with(":9999", &format!(":{stats}"))
        .with(QUICK, checks)
        .patient();
    Haproxy::start(&site.balancer, &dir, &reference)
}
