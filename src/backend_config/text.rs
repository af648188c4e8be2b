//! The printed text. Its readers later have only its comments, so these say why.

use super::fits::fitting;
use super::health;
use super::wanted::{BACKEND, IN_TIME, Layout, Line, Plan};
use crate::config::BalancerSettings;
use crate::haproxy::Address;
use std::net::SocketAddr;
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

frontend www
    bind :80
";

const RETRIES: &str =
    "    # HAProxy repeats a refused connect, the last time on another server. Without
    # redispatch it sends a sticky user to a stopped app until the cookie expires.
    retries 3
    option redispatch
    # Never `option persist` here: it sends cookie users to a line that is DOWN.
    no option persist
    cookie SRV insert indirect nocache httponly
";

const ANY_HOST: &str = "    # HAProxy repeats a refused connect, the last time on another server.
    retries 3
    option redispatch
    # No cookies: each request may go to another host. For sticky sessions each line needs a twin.
    no option persist
";

const ALL_TWINS: &str =
    "    # If every main line is DOWN, spread users over all twins, not only the first.
    option allbackups
";

const CHECKED: &str =
    "    # A closed gate costs up to inter + (fall - 1) x fastinter until DOWN, an opened one
    # downinter + (rise - 1) x fastinter until UP. Never `fall 1`: right after a reload it
    # shows every server as UP at full health.
";

const GIVES_WAY: &str =
    "    # Of two hosts that go at once, one gives way as it sees the other's first failed check. It
    # has (fall - 1) x fastinter for that.
";

const SESSIONS: &str =
    "    # Never `on-marked-down shutdown-sessions` on the main lines, nor `on-marked-up
    # shutdown-backup-sessions`: both cut requests that are in flight.
";

const OWN_SESSIONS: &str =
    "    # Never `on-marked-down shutdown-sessions`: it cuts requests that are in flight.
";

/// It is not needed if the master socket shows what leaving workers carry.
const PURGED: &str = "    # After a reload the leaving worker keeps its idle connections for a while. Without HAProxy's
    # master socket a drain waits for them: for some seconds with this, up to a minute without.
    default-server pool-purge-delay 1s
";

impl Plan<'_> {
    /// The backend alone. It holds with any `defaults` above it, except for words of a
    /// `default-server` there: only the rhythm of the checks can be reset.
    pub(super) fn section(&self) -> String {
        let app = self.lines[0].app;
        let patience = health::timeout(&app.health);
        let (words, comment) = (&self.words.text, self.words.comment());
        let checks: String = health::lines(&app.health, &self.words)
            .iter()
            .map(|line| format!("    {line}\n"))
            .collect();
        let (users, all_twins, sessions) = match self.layout.has_twins() {
            true => (RETRIES, ALL_TWINS, SESSIONS),
            false => (ANY_HOST, "", OWN_SESSIONS),
        };
        let gives_way = match self.checks == IN_TIME {
            true => GIVES_WAY,
            false => "",
        };
        format!(
            "backend {}\n    mode http\n    balance roundrobin\n{users}{checks}    # As long as \
             the agent itself waits for an answer. Without it HAProxy waits only for\n    # \
             `inter`, and shows a busy app DOWN.\n    timeout check {patience}\n{all_twins}{CHECKED}\
             {gives_way}{sessions}{comment}    default-server check{words} {}\n{}\n{}",
            self.backend,
            self.checks.words,
            self.purged(),
            self.servers(),
        )
    }

    /// A whole configuration for one balancer.
    pub(super) fn whole(&self) -> String {
        let (head, global) = (self.head(), self.global());
        let backend = self.backend;
        let section = self.section();
        format!("{head}\n{global}{DEFAULTS}    default_backend {backend}\n\n{section}")
    }

    fn head(&self) -> String {
        let status = ports(&self.lines, |line| Some(line.app.ports.status_port));
        let app = ports(&self.lines, |line| Some(line.app.ports.port));
        let twin = ports(&self.lines, |line| line.app.ports.backup_status_port);
        let what = match self.layout {
            Layout::TwoStage => format!(
                "# Two-stage layout: the recommended one. A main line checks a status port ({status}) and\n\
                 # its twin a status port of its own ({twin}); on each host the agent redirects both to the\n\
                 # app ({app}), and removes the redirects for a restart. So HAProxy moves new users first,\n\
                 # sticky users second, and no user waits.\n"
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
        };
        format!(
            "{what}#\n# What each line is for: README.md beside this file. The command that \
             prints it:\n#\n{}",
            self.command()
        )
    }

    /// The command that prints the same again.
    fn command(&self) -> String {
        let mut words = vec![format!("{} --whole", self.wanted.app.name)];
        if self.layout != fitting(&self.lines) {
            words.push(format!("--layout {}", self.layout.word()));
        }
        if self.backend != BACKEND {
            words.push(format!("--backend {}", self.backend));
        }
        words.extend(self.wanted.transport.flags());
        let hosts = self.lines.iter().map(|line| line.host.word());
        let hosts: String = hosts
            .map(|host| format!(" \\\n#       --host {host}"))
            .collect();
        format!("#   agent haproxy-config {}{hosts}\n", words.join(" "))
    }

    /// If a balancer has no master socket, the connections of its leaving workers are counted.
    fn purged(&self) -> &'static str {
        match self.serving().all(|balancer| balancer.master.is_some()) {
            true => "",
            false => PURGED,
        }
    }

    fn serving(&self) -> impl Iterator<Item = &BalancerSettings> {
        let balancers = self.settings.balancers.iter();
        balancers.filter(|b| self.lines.iter().any(|line| b.serves(&line.app.name)))
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

    /// The server lines of all hosts.
    fn servers(&self) -> String {
        match self.layout.has_twins() {
            true => format!(
                "    # Main lines: new users. They come first, so that a cookie finds them first.\n{}\n{}",
                self.mains(),
                self.twins()
            ),
            false => self.mains(),
        }
    }

    fn mains(&self) -> String {
        let line = |Line { host, app }: &Line<'_>| {
            let at = SocketAddr::new(host.address, app.ports.port);
            let cookie = match self.layout.has_twins() {
                true => format!(" cookie {}", host.cookie()),
                false => String::new(),
            };
            let (name, status_port) = (&host.name, app.ports.status_port);
            format!("    server {name} {at}{cookie} port {status_port}\n")
        };
        self.lines.iter().map(line).collect()
    }

    fn twins(&self) -> String {
        let line = |Line { host, app }: &Line<'_>| {
            let (name, cookie) = (host.twin(), host.cookie());
            let at = SocketAddr::new(host.address, app.ports.port);
            let own = match self.layout {
                Layout::TwoStage => app.ports.backup_status_port,
                Layout::Classic | Layout::Single => app.ports.health_port,
            };
            let check = match own {
                Some(port) => format!(" port {port}"),
                None => String::new(),
            };
            format!("    server {name} {at} cookie {cookie}{check} backup\n")
        };
        let lines: String = self.lines.iter().map(line).collect();
        format!(
            "    # Twins, same address, port and cookie: they serve users who own the cookie while\n    \
             # the main line is DOWN.\n{lines}"
        )
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
