//! A whole configuration: its head says what it is, and `global`, `defaults` and a frontend come
//! before the backend.

use super::health;
use super::layout::fitting;
use super::line::{CookiePer, Line};
use super::wanted::{BACKEND, Layout, Plan};
use crate::haproxy::{Address, Mode};
use std::path::Path;

/// The path of HAProxy's unix socket, if the configuration names none.
const SOCKET: &str = "/run/haproxy/user.sock";

const DEFAULTS: &str = "
defaults
    mode http
    log global
    option httplog
    timeout connect 4s
    timeout client 60s
    timeout server 60s
    timeout queue 10s
    timeout http-request 10s
    timeout http-keep-alive 10s
";

const TCP_DEFAULTS: &str = "
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 4s
    # A connection that carries nothing for this long is closed.
    timeout client 1h
    timeout server 1h
    timeout queue 10s
";

impl Plan<'_> {
    /// A whole configuration for one balancer.
    pub(super) fn whole(&self) -> String {
        let (defaults, frontend, port) = match self.wanted.mode {
            Mode::Http => (DEFAULTS, "www", 80),
            Mode::Tcp => (TCP_DEFAULTS, "clients", self.lines[0].app.ports.port),
        };
        format!(
            "{}\n{}{defaults}\nfrontend {frontend}\n    bind :{port}\n{}    default_backend {}\n\n{}",
            self.head(),
            self.global(),
            self.rule_of_frontend(),
            self.backend,
            self.section()
        )
    }

    fn head(&self) -> String {
        format!(
            "{}{}#\n# What each line is for: README.md beside this file. The command that prints \
             it:\n#\n{}",
            self.what(),
            self.targets(),
            self.command()
        )
    }

    /// The layout, in the words of the ports.
    fn what(&self) -> String {
        let status = ports(&self.lines, |line| Some(line.app.ports.status_port));
        let app = ports(&self.lines, |line| Some(line.app.ports.port));
        let twin = ports(&self.lines, |line| line.app.ports.backup_status_port);
        match self.layout {
            _ if self.wanted.mode == Mode::Tcp => format!(
                "# Mode tcp. Each line checks a status port ({}); on each host the agent redirects it to\n\
                 # the app ({app}), and removes the redirect for a restart. HAProxy sends new connections to\n\
                 # other hosts, and the restart waits until the open ones have ended.\n",
                match self.layout {
                    Layout::TwoStage => format!("{status}, {twin}"),
                    Layout::Single | Layout::Classic => status,
                }
            ),
            Layout::TwoStage => format!(
                "# Two-stage layout: the recommended one. A main line checks a status port ({status}) and\n\
                 # its twin a status port of its own ({twin}); on each host the agent redirects both to the\n\
                 # app ({app}). For a restart it removes the twin's redirect first: other hosts see that this\n\
                 # one goes next. Then it removes the main one, HAProxy moves all users, and no user waits.\n"
            ),
            Layout::Single => format!(
                "# Single layout: the cheapest way in, for users without sticky sessions. Each line \
                 checks a\n# status port ({status}); on each host the agent redirects it to the app \
                 ({app}), and\n# removes the redirect for a restart. So HAProxy sends users to other hosts, \
                 and the\n# restart waits for the requests that are in flight.\n"
            ),
            Layout::Classic => format!(
                "# Classic layout. A main line checks a status port ({status}), its twin the \
                 app's own\n# port ({app}). A twin stays UP until the app stops, so the first \
                 sticky users after the\n# stop wait for HAProxy's retries (1 to 3 s), and their \
                 requests in flight depend on the\n# app's graceful stop. Prefer the two-stage \
                 layout.\n"
            ),
        }
    }

    /// What hosts with several targets have beside the layout.
    fn targets(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in self
            .lines
            .iter()
            .filter_map(|line| line.app.target.as_deref())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.is_empty() {
            true => String::new(),
            false => format!(
                "#\n# Each host has several targets ({}): the same app on ports of their own. One of \
                 them\n# serves. A switch opens the gates of another one, waits until HAProxy shows it \
                 UP, and closes\n# those of the old one. So no capacity is lost.\n",
                names.join(", ")
            ),
        }
    }

    /// The command that prints the same again.
    fn command(&self) -> String {
        let mut words = vec![format!("{} --whole", self.wanted.app.name)];
        if self.wanted.mode == Mode::Tcp {
            words.push("--mode tcp".to_owned());
        }
        if self.layout != fitting(self.wanted.mode, &self.lines) {
            words.push(format!("--layout {}", self.layout.word()));
        }
        if self.wanted.cookie_per == CookiePer::Target {
            words.push("--cookie-per target".to_owned());
        }
        if self.wanted.readonly {
            words.push("--readonly".to_owned());
        }
        if self.backend != BACKEND {
            words.push(format!("--backend {}", self.backend));
        }
        words.extend(self.wanted.transport.flags());
        let hosts = self.wanted.hosts.iter().map(|host| host.word());
        let hosts: String = hosts
            .map(|host| format!(" \\\n#       --host {host}"))
            .collect();
        format!("#   agent haproxy-config {}{hosts}\n", words.join(" "))
    }

    fn global(&self) -> String {
        let addresses: Vec<&Address> = self.serving().map(|balancer| &balancer.address).collect();
        let unix = addresses.iter().find_map(|address| match address {
            Address::Unix(path) => Some(path.as_path()),
            Address::Tcp(_) => None,
        });
        let tcp: Vec<String> = addresses
            .iter()
            .filter_map(|address| address.bind())
            .collect();
        let unix = unix.unwrap_or(Path::new(SOCKET));
        let unix = health::quoted(&unix.display().to_string());
        let mut text = format!(
            "global\n    log /dev/log local0\n    user haproxy\n    group haproxy\n    \
             # The agents only read, so level user is enough.\n    \
             stats socket {unix} user haproxy group haproxy mode 660 level user\n"
        );
        if let Some((here, others)) = tcp.split_first() {
            text += "    # Let in only the hosts: over TCP there is no password.\n";
            text += &format!("    stats socket {here} level user\n");
            for other in others {
                text += &format!("    # On the other balancer: stats socket {other} level user\n");
            }
        }
        text += "    # Fits the agents' polling: the default of 10 s works, too.\n    stats \
            timeout 30s\n";
        text
    }
}

/// Each port once, in the order of the lines.
fn ports(lines: &[Line<'_>], of: impl Fn(&Line<'_>) -> Option<u16>) -> String {
    let mut all: Vec<String> = Vec::new();
    for port in lines.iter().filter_map(of).map(|port| port.to_string()) {
        if !all.contains(&port) {
            all.push(port);
        }
    }
    all.join(", ")
}
