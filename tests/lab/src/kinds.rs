//! Hosts behind one HAProxy, each with a port of its own there. HAProxy reaches each app in a
//! different way: HTTP/1, HTTP/2, TLS, an app in a container, mode tcp; and in each layout.

use std::path::Path;
use std::time::Duration;

use super::agent::Agent;
use super::app::App;
use super::front::{certificate, container, front_of};
use super::haproxy::Haproxy;
use super::namespace::Namespace;
use super::process::Process;
use super::reference::{QUICK, Reference};
use super::release::Release;
use super::settings::Settings;
use super::site::{BALANCER, Host, Site, last};

/// The request of the host's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Http,
    /// Over IPv6.
    Upload,
    BusyStream,
    SilentStream,
    Http2,
    Tls,
    TlsHttp2,
    Container,
    Tcp,
}

pub const KINDS: [Kind; 9] = [
    Kind::Http,
    Kind::Upload,
    Kind::BusyStream,
    Kind::SilentStream,
    Kind::Http2,
    Kind::Tls,
    Kind::TlsHttp2,
    Kind::Container,
    Kind::Tcp,
];

/// Also one line for each host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    TwoStage,
    Classic,
    Single,
}

// Processes before the site: Rust drops fields in this order.
pub struct Kinds {
    pub haproxy: Haproxy,
    pub members: Vec<Member>,
    pub site: Site,
}

/// One host, by its number.
pub struct Member {
    pub kind: Kind,
    pub layout: Layout,
    pub app: App,
    /// They run as long as the host exists.
    _front: Option<Process>,
    _container: Option<Namespace>,
}

impl Kinds {
    /// One host for each kind. The turn selects their layouts.
    pub fn start(release: Release, test: &str, turn: usize) -> Kinds {
        let site = Site::create(test, KINDS.len());
        let certificate = certificate(&site.dir);
        let layouts = [Layout::TwoStage, Layout::Classic, Layout::Single];
        let start = |(index, host): (usize, &Host)| {
            let layout = layouts[(index + turn) % layouts.len()];
            Member::start(KINDS[index], layout, host, &certificate)
        };
        let members: Vec<Member> = site.hosts.iter().enumerate().map(start).collect();
        members.iter().for_each(|one| one.app.wait_until_warm());
        let config = Reference::of(config(&site, &members));
        Kinds {
            haproxy: Haproxy::start_of(release, &site.balancer, &site.dir, &config),
            members,
            site,
        }
    }

    pub fn all(&self) -> impl Iterator<Item = (&Member, &Host)> {
        self.members.iter().zip(&self.site.hosts)
    }

    pub fn agent<'a>(
        &self,
        member: &Member,
        host: &'a Host,
        change: impl Fn(Settings) -> Settings,
    ) -> Agent<'a> {
        let state = host.dir.join("state");
        let restart = member.app.daemon.restart.clone();
        let settings = match member.layout {
            Layout::TwoStage => Settings::two_stage(&state, restart),
            Layout::Classic | Layout::Single => Settings::classic(&state, restart),
        };
        let settings = match member.kind {
            Kind::Tls | Kind::TlsHttp2 => settings
                .unset("app.web.health.http")
                .set("app.web.health.tcp", true),
            _ => settings,
        };
        // It cuts requests in flight; and no other host has its app.
        let settings = settings
            .set("app.web.restart.signal", "SIGUSR1")
            .set("app.web.min_available", 0);
        Agent::new(host, &change(settings.haproxy("tcp://10.77.0.1:9999")))
    }

    /// Opens all gates, and waits until HAProxy shows all lines UP.
    pub fn open_gates(&self) {
        let agents = self.all().map(|(member, host)| {
            let agent = self.agent(member, host, |settings| settings);
            agent.start("open", "web")
        });
        let opening: Vec<_> = agents.collect();
        for agent in opening {
            agent.wait().expect_exit(0);
        }
        self.haproxy.wait_until_all_up();
    }
}

/// HAProxy's port for this host.
pub fn port(host: &Host) -> u16 {
    8000 + u16::try_from(host.number).expect("a small number")
}

impl Member {
    fn start(kind: Kind, layout: Layout, host: &Host, certificate: &Path) -> Member {
        let front = match kind {
            Kind::Http2 => Some(("http", "127.0.0.1:1001", String::new())),
            Kind::Tls | Kind::TlsHttp2 => {
                let tls = format!("ssl crt {} alpn h2,http/1.1", certificate.display());
                Some(("http", "127.0.0.1:1001", tls))
            }
            // The container's rule does not redirect the traffic of the gate again, as with
            // docker-proxy.
            Kind::Container => Some(("tcp", "10.88.0.2:1000", String::new())),
            _ => None,
        };
        let container = (kind == Kind::Container).then(|| container(host));
        let namespace = container.as_ref().unwrap_or(&host.namespace);
        let listen = match kind {
            Kind::Http2 | Kind::Tls | Kind::TlsHttp2 => "127.0.0.1:1001",
            _ => "[::]:1000",
        };
        Member {
            kind,
            layout,
            app: App::start(namespace, &host.dir, &host.name(), listen, Duration::ZERO),
            _front: front.map(|(mode, to, bind)| front_of(host, mode, to, &bind)),
            _container: container,
        }
    }
}

fn config(site: &Site, members: &[Member]) -> String {
    let dir = site.dir.display();
    let mut text = format!(
        "global\n stats socket {dir}/user.sock mode 660 level user\n \
         stats socket ipv4@{BALANCER}:9999 level user\n stats maxconn 100\n\
         defaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n \
         timeout tunnel 60s\n timeout check 2s\n option redispatch\n \
         default-server check {QUICK} fall 2 rise 2\n"
    );
    for (member, host) in members.iter().zip(&site.hosts) {
        let (name, port) = (host.name(), port(host));
        let to = match member.kind {
            Kind::Upload => format!("[fd77::{}]", last(host.number)),
            _ => host.address(),
        };
        let mode = if member.kind == Kind::Tcp {
            "tcp"
        } else {
            "http"
        };
        let how = match member.kind {
            Kind::Http2 => "proto h2",
            Kind::Tls => "ssl verify none",
            Kind::TlsHttp2 => "ssl verify none alpn h2",
            _ => "",
        };
        text += &format!(
            "listen {name}\n bind {BALANCER}:{port}\n mode {mode}\n server {name} {to}:1000 {how} port 2000\n"
        );
        text += &match member.layout {
            Layout::TwoStage => format!(" server twin {to}:1000 {how} port 3000 backup\n"),
            Layout::Classic => format!(" server twin {to}:1000 {how} backup\n"),
            Layout::Single => String::new(),
        };
    }
    text
}
