//! The reference configurations of `haproxy/`, adapted to the lab by substitution: the tests use
//! what users copy. A substitution that finds nothing panics.

use std::net::SocketAddr;
use std::path::Path;

use super::project;
use super::site::last;

pub struct Reference {
    text: String,
}

/// Where the lab reads all that HAProxy logs.
const LOG: &str = "log stdout format raw daemon";

/// The checks of the reference: two-stage, and those without a claim.
pub const CLAIMED: &str = "inter 500ms fastinter 100ms downinter 250ms";
pub const IN_TIME: &str = "inter 500ms fastinter 200ms downinter 250ms";

/// Cheaper checks for many hosts on one machine, and the quick ones of the lab.
pub const CALM: &str = "inter 1s fastinter 300ms downinter 500ms";
pub const QUICK: &str = "inter 300ms fastinter 100ms downinter 150ms";

impl Reference {
    pub fn two_stage(dir: &Path) -> Reference {
        Reference::read("two-stage.cfg", dir).hosts()
    }

    /// The same for two hosts.
    pub fn two_hosts(dir: &Path) -> Reference {
        Reference::two_stage(dir)
            .with("    server web3 10.77.0.13:1000 cookie w3 port 2000\n", "")
            .with(
                "    server bkp3 10.77.0.13:1000 cookie w3 port 3000 backup\n",
                "",
            )
    }

    /// The same for three hosts and more: it repeats the lines of the third host for each.
    pub fn of_hosts(dir: &Path, hosts: usize) -> Reference {
        let mut reference = Reference::two_stage(dir);
        for number in (4..=hosts).rev() {
            for (line, end) in [("web", "port 2000\n"), ("bkp", "port 3000 backup\n")] {
                let third = format!("    server {line}3 10.77.0.13:1000 cookie w3 {end}");
                let other = third
                    .replace(&format!("{line}3"), &format!("{line}{number}"))
                    .replace("10.77.0.13", &format!("10.77.0.{}", last(number)))
                    .replace("w3", &format!("w{number}"));
                reference = reference.with(&third, &format!("{third}{other}"));
            }
        }
        reference
    }

    pub fn classic(dir: &Path) -> Reference {
        Reference::read("classic.cfg", dir).hosts()
    }

    /// One line for each host, without cookies.
    pub fn single(dir: &Path) -> Reference {
        Reference::read("single.cfg", dir).hosts()
    }

    /// Two targets a host.
    pub fn blue_green(dir: &Path) -> Reference {
        Reference::read("blue-green.cfg", dir).hosts()
    }

    pub fn one_machine(dir: &Path) -> Reference {
        Reference::read("one-machine.cfg", dir)
    }

    /// The same three hosts in mode tcp, as `agent haproxy-config --mode tcp` has it.
    pub fn in_mode_tcp(self) -> Reference {
        let cookies = [1, 2, 3].map(|number| format!(" cookie w{number}"));
        let tcp = self
            .with("    mode http\n", "    mode tcp\n")
            .with("option httplog", "option tcplog")
            .with("balance roundrobin", "balance leastconn")
            .with("    timeout http-request 10s\n", "")
            .with("    timeout http-keep-alive 10s\n", "")
            .with("    cookie SRV insert indirect nocache httponly\n", "");
        cookies.iter().fold(tcp, |tcp, cookie| tcp.with(cookie, ""))
    }

    /// A test's own configuration.
    pub fn of(text: String) -> Reference {
        Reference { text }
    }

    /// Replaces `old` with `new` everywhere.
    pub fn with(mut self, old: &str, new: &str) -> Reference {
        assert!(self.text.contains(old), "no `{old}` in\n{}", self.text);
        self.text = self.text.replace(old, new);
        self
    }

    /// Adds the backend `srvs` again under another name, at the path `/NAME`.
    pub fn with_second_backend(self, name: &str) -> Reference {
        let at = self.text.find("backend srvs").expect("a backend");
        // `default_backend srvs` comes first and is no section.
        let at = self.text[at + 1..]
            .find("\nbackend srvs")
            .map(|n| at + n + 2);
        let section = self.text[at.expect("a section")..].to_owned();
        let section = section.replace("backend srvs", &format!("backend {name}"));
        let rule = format!("use_backend {name} if {{ path_beg /{name} }}\n    default_backend");
        let mut both = self.with("default_backend", &rule);
        both.text.push_str(&format!("\n{section}"));
        both
    }

    /// Adds the marker backend and the rule of `maintenance.cfg`.
    pub fn with_marker(self) -> Reference {
        let path = project().join("haproxy/maintenance.cfg");
        let text = std::fs::read_to_string(path).expect("maintenance.cfg");
        let rule = text
            .lines()
            .find(|line| line.starts_with("    http-request return"));
        let (_, marker) = text.split_once("\nbackend readonly\n").expect("a marker");
        let marker = marker.replace("10.0.0.", "10.77.0.");
        let head = format!("{}\n    default_backend", rule.expect("a rule"));
        let mut both = self.with("    default_backend", &head);
        both.text.push_str(&format!("\nbackend readonly\n{marker}"));
        both
    }

    /// On a machine that is busy with many hosts, a late answer would take healthy apps out.
    pub fn patient(self) -> Reference {
        self.with("timeout check 2s", "timeout check 5s")
    }

    /// HAProxy's address over TCP.
    pub fn stats_over_tcp(&self) -> Option<SocketAddr> {
        let (_, rest) = self.text.split_once("stats socket ipv4@")?;
        let address = rest.split_whitespace().next()?;
        Some(address.parse().expect("an address and a port"))
    }

    /// The same with a second log, of the changes of servers. A test's own configuration has none.
    pub(super) fn logging_to(&self, address: SocketAddr) -> String {
        let second = format!("log {address} local0 notice\n    {LOG}");
        self.text.replace(LOG, &second)
    }

    /// The lab's own socket may change servers. The agent's socket, over TCP, still only reads.
    pub fn for_operators(self) -> Reference {
        self.with("mode 660 level user", "mode 660 level admin")
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    fn read(file: &str, dir: &Path) -> Reference {
        let path = project().join("haproxy").join(file);
        let text = std::fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Reference::printed(text, dir)
    }

    /// A whole configuration that `agent haproxy-config` printed.
    pub fn printed(text: String, dir: &Path) -> Reference {
        let claimed = text.contains(CLAIMED);
        Reference { text }
            .with("/run/haproxy/", &format!("{}/", dir.display()))
            .with("log /dev/log local0", LOG)
            .with("    user haproxy\n    group haproxy\n", "")
            // 600 lines a second would measure the log; failures remain.
            .with(
                "option httplog",
                "option httplog\n    option dontlog-normal",
            )
            .with(if claimed { CLAIMED } else { IN_TIME }, QUICK)
    }

    fn hosts(self) -> Reference {
        self.with("10.0.0.", "10.77.0.")
    }
}
