//! The role of the Ansible collection on three fresh machines: two get the package and a
//! configuration, one gets HAProxy and the backend.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::package;
use crate::sidecar::show;
use lab::agent::{Ended, Running};
use lab::ansible::{Ansible, Core};
use lab::machine::{Disk, Machine};
use lab::operator::Operator;
use lab::site::{Host, Site};
use lab::traffic::{RATE, Traffic};

const INSTALL: &str = "haproxy_gate.agent.install";
const ROLL: &str = "haproxy_gate.agent.rolling_restart";

/// Variables of the role; `APPS` has those that a test changes.
const VARIABLES: &str = "\
haproxy_gate_deb: DEB
haproxy_gate_binary: BINARY
haproxy_gate_apps:
  web:
    port: 1000
    status_port: 2000
    backup_status_port: 3000
    health: {http: /healthz}
    restart: {systemd: web.service, job: restart}
    timeouts: {drain: 30s}
haproxy_gate_haproxy:
  - socket: tcp://10.77.0.13:9999
haproxy_gate_group: web
haproxy_gate_stats_bind: ipv4@10.77.0.13:9999
haproxy_gate_frontend_bind: \":80\"
haproxy_gate_check_options: inter 300ms fastinter 100ms downinter 150ms fall 2 rise 2
haproxy_gate_address: \"{{ addresses[inventory_hostname] }}\"
addresses: {web1: 10.77.0.11, web2: 10.77.0.12, web3: 10.77.0.13}
";

/// Other parts of an operator's HAProxy configuration.
const HAPROXY: &str = "\
global
    stats socket /run/haproxy/admin.sock mode 660 level admin

defaults
    mode http
    timeout connect 4s
    timeout client 60s
    timeout server 60s

listen another
    bind 127.0.0.1:8404
    stats enable
";

// Processes before the site: fields are dropped in this order.
struct Trio {
    machines: Vec<Machine>,
    operator: Operator,
    site: Site,
}

impl Trio {
    fn booted(test: &str) -> Trio {
        let site = Site::create(test, 3);
        let operator = Operator::create(site.dir.join("operator"), &site.balancer);
        let boot = |host: &Host| Machine::boot_for_ansible(host, &disk(host, &operator));
        let machines: Vec<Machine> = site.hosts.iter().map(boot).collect();
        machines
            .iter()
            .for_each(|machine| machine.wait_until_booted());
        operator.meet(&site.hosts);
        Trio {
            machines,
            operator,
            site,
        }
    }

    /// Two hosts with the app and a balancer, with these variables of the role.
    fn ansible(&self, variables: &str) -> Ansible<'_> {
        let hosts = ["web1", "web2", "[lb]", "web3"].map(str::to_owned);
        let ansible = Ansible::create(&self.operator, "ansible", hosts, "");
        ansible.write("variables.yml", variables);
        ansible
    }

    fn traffic(&self) -> Traffic {
        let to = format!("{}:80", self.site.hosts[2].address());
        let traffic = Traffic::start(&self.site.balancer, &to, "/", RATE);
        sleep(Duration::from_secs(1));
        traffic
    }

    fn boots(&self) -> [usize; 2] {
        [0, 1].map(|one| self.machines[one].app.boots().len())
    }
}

/// A running app, or HAProxy with other sections; and the operator's ssh key.
fn disk(host: &Host, operator: &Operator) -> Disk {
    let disk = match host.number {
        3 => Disk::quiet()
            .file("/etc/hostname", "web3")
            .file("/etc/haproxy/haproxy.cfg", HAPROXY),
        // Only the balancer uses the HAProxy of the root folder.
        _ => Disk::with_app(&host.name()).link("/etc/systemd/system/haproxy.service", "/dev/null"),
    };
    disk.file("/root/.ssh/authorized_keys", &operator.public_key())
}

fn install(ansible: &Ansible, words: &[&str]) -> Ended {
    let hosts = [
        "-e",
        "haproxy_gate_hosts=web",
        "-e",
        "haproxy_gate_balancers=lb",
    ];
    let file = ["-e", "@variables.yml"];
    let mut command = ansible.playbook(INSTALL, &[&hosts[..], &file, words].concat());
    Running::start("ansible", &mut command).wait()
}

/// The recap of each host.
fn assert_changed(ended: &Ended, hosts: &[&str], some: bool) {
    let (_, recap) = ended.out.rsplit_once("PLAY RECAP").expect("a recap");
    for host in hosts {
        let line = recap.lines().find(|line| line.starts_with(host));
        let line = line.expect("a line of the host");
        assert_eq!(!line.contains("changed=0 "), some, "{}", ended.out);
    }
}

const ALL: [&str; 3] = ["web1", "web2", "web3"];

/// The role brings fresh hosts into rotation. A second run is no change. The running sidecar reads
/// another configuration; the backend that exists by then lacks nothing. Then a roll restarts all of it, under traffic.
#[test]
fn the_role_installs_the_package() {
    let trio = Trio::booted("m_role");
    let deb = package::built();
    let variables = VARIABLES
        .replace("DEB", &deb.display().to_string())
        .replace("BINARY", "\"\"");
    let ansible = trio.ansible(&variables);

    let dry = install(&ansible, &["--check", "--diff"]).expect_exit(0);
    assert_changed(&dry, &ALL, true);
    assert!(!trio.machines[0].path("/etc/haproxy-gate").exists());
    let config = "/etc/haproxy/haproxy.cfg";
    let text = || fs::read_to_string(trio.machines[2].path(config)).expect("a configuration");
    assert_eq!(text(), HAPROXY);

    let first = install(&ansible, &[]).expect_exit(0);
    assert_changed(&first, &ALL, true);
    assert!(text().starts_with(HAPROXY));
    assert_eq!(trio.boots(), [1, 1], "the apps were left alone");

    let traffic = trio.traffic();
    let second = install(&ansible, &[]).expect_exit(0);
    assert_changed(&second, &ALL, false);
    let dry = install(&ansible, &["--check", "--limit", "web1,web3"]).expect_exit(0);
    assert_changed(&dry, &["web1", "web3"], false);

    // Another configuration: the same sidecar has read it.
    let pid = show(&trio.machines[0], "MainPID");
    ansible.write(
        "variables.yml",
        &variables.replace("drain: 30s", "drain: 31s"),
    );
    let third = install(&ansible, &["-e", "haproxy_gate_adopt=web3"]).expect_exit(0);
    let lacks = "/etc/haproxy/haproxy.cfg of web3 lacks nothing for the host.";
    assert!(third.out.contains(lacks), "{}", third.out);
    assert_changed(&third, &["web1", "web2"], true);
    assert_changed(&third, &["web3"], false);
    let plan = ["agent", "restart", "web", "--dry-run"];
    assert!(trio.machines[0].succeed(&plan).contains("limit 31s"));
    assert_eq!(show(&trio.machines[0], "MainPID"), pid);

    // A configuration that the agent refuses never gets into place.
    ansible.write(
        "variables.yml",
        &variables.replace("drain: 30s", "drian: 31s"),
    );
    let refused = install(&ansible, &["--limit", "web1"]);
    assert_eq!(refused.exit, 2, "{}", refused.out);
    assert!(refused.out.contains("drian"), "{}", refused.out);
    assert!(trio.machines[0].succeed(&plan).contains("limit 31s"));
    // Nor does a backend that HAProxy refuses.
    let odd = variables.replace("fall 2 rise 2", "fall 2 rize 2");
    ansible.write("variables.yml", &odd);
    let before = text();
    let refused = install(&ansible, &["--limit", "web3"]);
    assert_eq!(refused.exit, 2, "{}", refused.out);
    assert!(refused.out.contains("rize"), "{}", refused.out);
    assert_eq!(text(), before);

    let words = [
        "-e",
        "haproxy_gate_hosts=web",
        "-e",
        "haproxy_gate_serial=1",
    ];
    let mut roll = ansible.playbook(ROLL, &words);
    Running::start("ansible", &mut roll).wait().expect_exit(0);
    assert_eq!(trio.boots(), [2, 2]);
    traffic.stop().assert_unnoticed();
}

/// The same with the static binary, on machines that do not have our package, and the oldest Ansible.
#[test]
fn the_role_installs_the_binary() {
    let trio = Trio::booted("m_role_binary");
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debian");
    let binary = binary.join("agent-x86_64-static");
    let variables = VARIABLES
        .replace("DEB", "\"\"")
        .replace("BINARY", &binary.display().to_string());
    let ansible = trio.ansible(&variables).with_core(Core::Oldest);
    let first = install(&ansible, &[]).expect_exit(0);
    assert_changed(&first, &ALL, true);
    let traffic = trio.traffic();
    let second = install(&ansible, &[]).expect_exit(0);
    assert_changed(&second, &ALL, false);
    assert_eq!(trio.boots(), [1, 1]);
    assert_eq!(show(&trio.machines[0], "ActiveState"), "active");
    traffic.stop().assert_unnoticed();
}
