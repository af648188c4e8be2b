//! The real host: its firewall, its balancers, its app and the clock.

mod ages;
mod asking;
mod at_rest;
mod balancers;
mod beside;
mod by_parked_port;
mod callers;
mod core_host;
mod core_two;
mod counting;
mod gates;
mod idle;
mod idle_gates;
mod keep_page;
mod left_running;
mod listener;
mod look;
mod look_beside;
mod marker;
mod meanwhile;
mod name;
mod observe;
mod parking;
mod ports;
mod probe;
mod rules_lock;
mod run;
mod snapshot;
mod sources;
mod target;
mod touch;
mod two;
mod two_page;
mod two_recorded;
mod unable;
mod why_up;

pub use asking::Asking;
pub(crate) use at_rest::{at_rest, on_page};
pub(crate) use balancers::{balancers, interface_addresses};
pub use idle::{TargetLook, look_at_target, look_at_targets};
pub(crate) use idle_gates::{gates_of_others, idle_gates, open_targets};
pub(crate) use keep_page::gates_on_page;
pub(crate) use look_beside::{BesideLook, look_beside};
pub use name::name;
pub(crate) use observe::observe;
pub use probe::{Probe, ProbeStep, Probed};
pub use snapshot::Snapshot;
pub use two::TwoHosts;
pub use unable::Unable;

use crate::config::{AppSettings, Settings};
use crate::gate::{Destination, Firewall, Gate, GateError, Reservation, RuleCache, Taken};
use crate::haproxy::{Balancer, BalancerObservation, Own};
use crate::lock::HostLock;
use crate::restart::{Connections, PerGate};
use crate::signals::StopSignal;
use crate::state::lock::Owner;
use ages::Ages;
use by_parked_port::ByParkedPort;
use counting::Counting;
use meanwhile::BackgroundLooks;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One app on this host, with everything an operation on it touches.
pub struct ThisHost {
    pub(crate) app: AppSettings,
    pub(crate) gates: PerGate<Gate>,
    pub(crate) firewall: Firewall,
    pub(crate) balancers: Vec<Balancer>,
    /// Whether putting back opens each gate: it was open or broken when the operation began, or an
    /// earlier one that was cut short had found it so. Not if a hold keeps it closed.
    pub(crate) to_reopen: PerGate<bool>,
    pub(crate) rules: RuleCache,
    interfaces: Vec<IpAddr>,
    pub(crate) counting: Counting,
    ages: Ages,
    by_parked_port: ByParkedPort,
    state_dir: PathBuf,
    hold_dir: PathBuf,
    reservation: Reservation,
    /// The command that reserves the status ports. None: the process only looks at them.
    reserves: Option<Owner>,
    /// The owners of the status ports when this process tried to reserve them.
    taken_lately: Option<Vec<(u16, Taken)>>,
    /// The looks at HAProxy while the app is restarted or upgraded.
    meanwhile: Option<BackgroundLooks>,
    /// The gates of the other target of a switch, which has the users while this one is touched.
    kept_open: Vec<Gate>,
    /// The lock of its group, for the operation that takes it.
    pub(crate) group_lock: Option<HostLock>,
    /// The last action had to move a gate.
    moved: bool,
    poll: Duration,
    started: Instant,
    /// When the last pause was over.
    woke: Instant,
    stop: StopSignal,
}

impl ThisHost {
    /// Looks up what an operation needs, and changes nothing.
    pub async fn new(
        settings: &Settings,
        app: &AppSettings,
        stop: StopSignal,
    ) -> Result<ThisHost, GateError> {
        let started = Instant::now();
        let firewall = Firewall::new(settings.agent.iptables, settings.agent.ipv6).await?;
        Ok(ThisHost {
            gates: settings.gates(app),
            rules: RuleCache::new(firewall.marks()),
            firewall,
            balancers: balancers(settings, app),
            to_reopen: PerGate::default(),
            app: app.clone(),
            interfaces: interface_addresses(),
            counting: Counting::new(settings, app),
            ages: Ages::default(),
            by_parked_port: ByParkedPort::default(),
            state_dir: settings.agent.state_dir.clone(),
            hold_dir: settings.agent.hold_dir.clone(),
            reservation: Reservation::default(),
            reserves: None,
            taken_lately: None,
            meanwhile: None,
            kept_open: Vec::new(),
            group_lock: None,
            moved: false,
            poll: settings.agent.poll,
            started,
            woke: started,
            stop,
        })
    }

    /// Takes over balancers that know our lines already, and reads this host's addresses anew.
    pub(crate) fn look_again(&mut self, balancers: &[Balancer]) {
        self.interfaces = interface_addresses();
        if !balancers.is_empty() {
            self.balancers = balancers.to_vec();
        }
    }

    /// Prepares for the next operation.
    pub fn renew(&mut self, app: &AppSettings, stop: StopSignal) {
        self.app = app.clone();
        self.counting.renew(app.ports);
        self.ages = Ages::default();
        self.to_reopen = PerGate::default();
        (self.meanwhile, self.group_lock) = (None, None);
        (self.moved, self.started, self.stop) = (false, Instant::now(), stop);
    }

    /// The address for probes of the app: where its gates redirect to. The address of a port is the
    /// configured one, or the address that HAProxy's line has, if that is an address of an interface
    /// here. Else loopback.
    pub fn probe_address(&self) -> SocketAddr {
        if let Destination::Address(to) = self.app.gate_to {
            return to;
        }
        let own = self.balancers.iter().flat_map(Balancer::own);
        let of_line = own
            .filter_map(|own| own.address)
            .map(|address| address.ip());
        let mut here = of_line.filter(|ip| ip.is_loopback() || self.interfaces.contains(ip));
        let ip = self.app.address.or_else(|| here.next());
        let ip = ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        SocketAddr::new(ip, self.app.gate_to.port())
    }

    /// The addresses of this host that HAProxy checks. Empty: not all of its lines show theirs.
    pub(crate) fn checked_addresses(&self) -> Vec<IpAddr> {
        let own = self.balancers.iter().map(Balancer::own);
        let of_each = own.map(|own| match own {
            [] => None,
            own => own.iter().map(Own::checked_address).collect(),
        });
        let all: Option<Vec<Vec<IpAddr>>> = of_each.collect();
        all.unwrap_or_default().concat()
    }

    /// The connections to the app while the host is not taken out. None: every balancer has a
    /// master.
    pub(crate) async fn connections_at_rest(
        &mut self,
        before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>> {
        match self.balancers.iter().all(Balancer::has_master) {
            true => None,
            false => Some(self.counting.look(&mut self.balancers, before, true).await),
        }
    }

    /// The longest time between two looks at HAProxy.
    pub(crate) fn poll(&self) -> Duration {
        self.poll
    }

    /// Returns the signal's number once there is one.
    pub async fn stopped(&self) -> i32 {
        self.stop.wait().await
    }
}
