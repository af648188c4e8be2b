//! etcd in the balancer's namespace: one member, or three.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::namespace::{Namespace, command_in, connect};
use super::process::Process;
use super::site::{BALANCER, Site};
use super::wait_for;

pub struct Etcd {
    members: Vec<Process>,
    network: PathBuf,
}

impl Etcd {
    /// Returns once a member answers reads that all members agree on.
    pub fn start(site: &Site, members: usize) -> Etcd {
        Etcd::with(site, members, &[])
    }

    /// The same with more arguments for each member, and clients by this scheme.
    pub fn with(site: &Site, members: usize, more: &[&str]) -> Etcd {
        let scheme = if more.is_empty() { "http" } else { "https" };
        let all: Vec<String> = (0..members)
            .map(|at| format!("m{at}={}", peer(at)))
            .collect();
        let start = |at: usize| {
            let clients = format!("{scheme}://{BALANCER}:{}", client_port(at));
            let dir = site.dir.join(format!("etcd{at}")).display().to_string();
            let name = format!("m{at}");
            let mut command = site.balancer.command("setpriv");
            command.args([
                "--pdeathsig",
                "TERM",
                "--clear-groups",
                "--regid",
                &group(at),
            ]);
            command.args(["etcd", "--name", &name, "--data-dir", &dir]);
            command.args([
                "--listen-client-urls",
                &clients,
                "--advertise-client-urls",
                &clients,
            ]);
            command.args(["--listen-peer-urls", &peer(at)]);
            command.args(["--initial-advertise-peer-urls", &peer(at)]);
            command.args(["--initial-cluster", &all.join(",")]);
            // etcd's own: on a busy machine, members with shorter ones lose their leader.
            command.args(["--heartbeat-interval", "100", "--election-timeout", "1000"]);
            Process::spawn(&name, command.args(more))
        };
        let etcd = Etcd {
            members: (0..members).map(start).collect(),
            network: site.balancer.path(),
        };
        wait_for("etcd to serve", Duration::from_secs(20), || {
            let lines = etcd.members[0].err.text();
            let serves = lines.contains("ready to serve client requests")
                || lines.contains("serving client requests")
                || lines.contains("serving insecure client requests");
            serves.then_some(())
        });
        etcd
    }

    /// What `[lock] etcd` names.
    pub fn endpoints(&self) -> Vec<String> {
        let ports = (0..self.members.len()).map(client_port);
        ports
            .map(|port| format!("http://{BALANCER}:{port}"))
            .collect()
    }

    /// Kills a member.
    pub fn kill(&mut self, at: usize) {
        self.members[at].kill_group();
    }

    /// No packet goes between this member and the other ones. Clients reach all of them.
    pub fn part(&self, at: usize) {
        self.between(at, "-I");
    }

    /// Undoes it.
    pub fn join(&self, at: usize) {
        self.between(at, "-D");
    }

    /// To and from its port for peers, and from its own connections to the ports of the other ones. A
    /// reset ends those that are there.
    fn between(&self, at: usize, change: &str) {
        let (port, group) = (peer_port(at).to_string(), group(at));
        let others = (0..self.members.len()).filter(|other| *other != at);
        let others = others.map(|other| {
            let other = peer_port(other).to_string();
            format!("--dport {other} -m owner --gid-owner {group}")
        });
        let all = [format!("--dport {port}"), format!("--sport {port}")];
        for rule in all.into_iter().chain(others) {
            let mut iptables = command_in(&self.network, "iptables");
            iptables
                .args([change, "OUTPUT", "-p", "tcp"])
                .args(rule.split(' '));
            iptables.args(["-j", "REJECT", "--reject-with", "tcp-reset"]);
            let status = iptables.status().expect("iptables");
            assert!(status.success(), "{iptables:?}: {status}");
        }
    }

    /// The member that leads the others.
    pub fn leader(&self) -> usize {
        let leads = |at: &usize| {
            let (leader, own) = self.known_by(*at);
            leader.is_some() && leader == own
        };
        wait_for("a leader", Duration::from_secs(10), || {
            (0..self.members.len()).find(leads)
        })
    }

    /// Whether this member knows one that leads.
    pub fn has_leader(&self, at: usize) -> bool {
        self.known_by(at).0.is_some()
    }

    /// The id of the leader by this member, and its own.
    fn known_by(&self, at: usize) -> (Option<String>, Option<String>) {
        let status = self.ask(at, "/v3/maintenance/status", "{}");
        let id = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let leader = id(&status["leader"]).filter(|leader| leader != "0");
        (leader, id(&status["header"]["member_id"]))
    }

    /// The number of keys of all groups.
    pub fn keys(&self, at: usize) -> u64 {
        // All keys from `/haproxy-gate/` on, up to `/haproxy-gate0`.
        let range = r#"{"key":"L2hhcHJveHktZ2F0ZS8=","range_end":"L2hhcHJveHktZ2F0ZTA="}"#;
        let count = self.ask(at, "/v3/kv/range", range)["count"].clone();
        count
            .as_str()
            .map_or(0, |count| count.parse().expect("a number"))
    }

    /// Puts a key without a lease. Both are base64.
    pub fn put(&self, key: &str, value: &str) {
        let body = format!(r#"{{"key":"{key}","value":"{value}"}}"#);
        self.ask(0, "/v3/kv/put", &body);
    }

    fn ask(&self, at: usize, path: &str, body: &str) -> serde_json::Value {
        let to: SocketAddr = format!("{BALANCER}:{}", client_port(at))
            .parse()
            .expect("an address");
        let mut stream = connect(&self.network, to).expect("a member that listens");
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("etcd reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("etcd answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_default()
    }
}

fn client_port(at: usize) -> usize {
    2379 + 10 * at
}

fn peer_port(at: usize) -> usize {
    2380 + 10 * at
}

fn peer(at: usize) -> String {
    format!("http://127.0.0.1:{}", peer_port(at))
}

/// The group of its process, by which the firewall knows its connections.
fn group(at: usize) -> String {
    (61_000 + at).to_string()
}

/// Drops what this host sends to every member.
pub fn cut_off(host: &Namespace) {
    host.run(
        "iptables",
        &[
            "-I",
            "OUTPUT",
            "-p",
            "tcp",
            "--dport",
            "2379:2399",
            "-j",
            "DROP",
        ],
    );
}

/// Undoes it.
pub fn join_again(host: &Namespace) {
    host.run(
        "iptables",
        &[
            "-D",
            "OUTPUT",
            "-p",
            "tcp",
            "--dport",
            "2379:2399",
            "-j",
            "DROP",
        ],
    );
}
