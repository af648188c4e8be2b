//! This host, alive: its firewall, its balancers, its app and the clock.

use crate::config::{AppSettings, BalancerSettings, Settings};
use crate::driver::Host;
use crate::gate::{Firewall, Gate, GateError};
use crate::haproxy::{Balancer, Own, ServerStat, Socket};
use crate::restart::{Acted, Action, BalancerSeen, LineSeen, Phase};
use crate::stop::Stop;
use futures_util::future::join_all;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// One app on this host, with everything an operation on it touches.
pub struct ThisHost {
    pub(crate) app: AppSettings,
    pub(crate) gates: Vec<Gate>,
    pub(crate) firewall: Firewall,
    pub(crate) balancers: Vec<Balancer>,
    /// Whether each gate stood open when the operation began: what putting back means.
    pub(crate) found_open: Vec<bool>,
    interfaces: Vec<IpAddr>,
    poll: Duration,
    started: Instant,
    stop: Stop,
}

impl ThisHost {
    /// Looks up what is needed to act; changes nothing.
    pub async fn new(
        settings: &Settings,
        app: &AppSettings,
        stop: Stop,
    ) -> Result<ThisHost, GateError> {
        let started = Instant::now();
        let interfaces = interface_addresses();
        let routed = interfaces.iter().filter(|address| !address.is_loopback());
        let ours: Vec<IpAddr> = routed.chain(&settings.agent.addresses).copied().collect();
        let serving = settings
            .balancers
            .iter()
            .filter(|balancer| balancer.serves(&app.name));
        Ok(ThisHost {
            gates: app.gates(),
            firewall: Firewall::new(settings.agent.iptables, settings.agent.ipv6).await?,
            balancers: serving
                .map(|balancer| new_balancer(balancer, app, &ours))
                .collect(),
            found_open: Vec::new(),
            app: app.clone(),
            interfaces,
            poll: settings.agent.poll,
            started,
            stop,
        })
    }

    /// Where the app itself is asked: as configured, or where HAProxy's line sends users,
    /// if that is an address of an interface here, or on loopback.
    pub fn probe_address(&self) -> SocketAddr {
        let own = self.balancers.iter().flat_map(Balancer::own);
        let of_line = own
            .filter_map(|own| own.address)
            .map(|address| address.ip());
        let mut here = of_line.filter(|ip| ip.is_loopback() || self.interfaces.contains(ip));
        let ip = self.app.address.or_else(|| here.next());
        SocketAddr::new(
            ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            self.app.ports.port,
        )
    }

    /// Restarts the app. A signal does not cut that short, but is acknowledged.
    async fn restart(&self) -> Acted {
        let mut run = std::pin::pin!(self.app.restart.run(self.app.limits.restart));
        tokio::select! {
            result = &mut run => return acted(result),
            () = self.stop.wait() => {}
        }
        tracing::warn!("interrupted while the app is being restarted: that is finished first");
        acted(run.await)
    }

    /// Sets the gates in order, the main one first; a gate beyond `wanted` stays as it is.
    async fn set(&self, wanted: &[bool]) -> Acted {
        let wanted: Vec<(&Gate, bool)> = self.gates.iter().zip(wanted.iter().copied()).collect();
        acted(self.firewall.ensure(&wanted).await)
    }
}

impl Host for ThisHost {
    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn interrupted(&self) -> Option<i32> {
        self.stop.asked()
    }

    async fn balancers(&mut self) -> Vec<BalancerSeen> {
        join_all(self.balancers.iter_mut().map(seen)).await
    }

    async fn health(&mut self) -> Result<(), String> {
        self.app.health.probe(self.probe_address()).await
    }

    async fn instance(&mut self) -> Option<String> {
        self.app.restart.instance().await
    }

    async fn act(&mut self, action: Action) -> Acted {
        match action {
            Action::CloseMain => self.set(&[false]).await,
            Action::CloseBoth => self.set(&[false, false]).await,
            Action::OpenBoth => self.set(&[true, true]).await,
            Action::PutBack => self.set(&self.found_open).await,
            Action::Restart => self.restart().await,
        }
    }

    async fn pause(&mut self, phase: &Phase) {
        let pace = match phase {
            Phase::Healthy { .. } => self.app.health.pace(),
            // Quiet once: the second look, which only makes sure, comes sooner.
            Phase::Drain { zeros: 1.. } => self.poll / 3,
            _ => self.poll,
        };
        tokio::time::sleep(pace).await;
    }
}

fn acted<E: std::fmt::Display>(result: Result<(), E>) -> Acted {
    match result {
        Ok(()) => Acted::Done,
        Err(error) => Acted::Failed(error.to_string()),
    }
}

/// One look at one balancer.
async fn seen(balancer: &mut Balancer) -> BalancerSeen {
    let lines = balancer.poll().await;
    let lines = lines.map(|lines| {
        lines
            .iter()
            .map(|(own, stat)| line_seen(own, stat))
            .collect()
    });
    BalancerSeen {
        name: balancer.name.clone(),
        lines: lines.map_err(|unseen| unseen.to_string()),
        reloaded: balancer.was_reloaded(),
    }
}

pub(crate) fn line_seen(own: &Own, stat: &ServerStat) -> LineSeen {
    LineSeen {
        name: format!("{}/{}", own.backend, own.server),
        role: own.role,
        status: stat.status.clone(),
        proven: stat.proven,
        in_flight: stat.in_flight,
        sessions: stat.sessions,
    }
}

fn new_balancer(settings: &BalancerSettings, app: &AppSettings, ours: &[IpAddr]) -> Balancer {
    let socket = Socket {
        address: settings.address.clone(),
        timeout: settings.timeout,
    };
    Balancer::new(socket, settings.names.clone(), app.ports, ours.to_vec())
}

fn interface_addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    addresses.collect()
}
