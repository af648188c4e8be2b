//! One look at the connections to the app, between two looks at HAProxy's own counts. It reads
//! this host's TCP table and, if that may be incomplete, its connection tracking.

use super::balancers::interface_addresses;
use super::callers::Callers;
use super::observe::observe;
use super::sources::sources;
use crate::config::{AppSettings, BalancerSettings, Settings};
use crate::gate::{Flow, flows};
use crate::haproxy::{AppPorts, Balancer, BalancerObservation, Role, ServerLine};
use crate::restart::{Ask, ByPeer, Connections, Count, Peers, none_leaves};
use crate::tcp::{self, Connection};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// Between two looks at the tracked connections while none of them was redirected. Each look
/// takes the kernel 10 ms, and an operator does not turn on translation in a moment.
const EACH: Duration = Duration::from_millis(250);

/// Between two looks while HAProxy's lines carry requests, so that no look can decide. Each takes the
/// kernel 1 ms.
const RARELY: Duration = Duration::from_millis(100);

/// What an operation knows of the connections to its app.
pub(crate) struct Counting {
    ports: AppPorts,
    balancers: Vec<BalancerSettings>,
    /// None: before the first look.
    peers: Option<Peers>,
    /// When the tracked connections were last read.
    tracked: Option<Instant>,
    /// Some connections to the app are not in this host's own table.
    redirected: bool,
    /// Why the tracked connections could not be read.
    untracked: Option<String>,
    /// The last look, if HAProxy was not asked after it. The next answer shows whether HAProxy
    /// counted the same all the time.
    last: Option<Connections>,
    /// The last look, with its time.
    shown: Option<(Instant, Connections)>,
    callers: Callers,
}

impl Counting {
    /// Before the first look.
    pub(super) fn new(settings: &Settings, app: &AppSettings) -> Counting {
        let serving = settings.balancers.iter();
        let serving = serving.filter(|balancer| balancer.serves(&app.name));
        Counting {
            ports: app.ports,
            balancers: serving.cloned().collect(),
            peers: None,
            tracked: None,
            redirected: false,
            untracked: None,
            last: None,
            shown: None,
            callers: Callers::default(),
        }
    }

    /// Prepares for the next operation.
    pub(super) fn renew(&mut self, ports: AppPorts) {
        (self.ports, self.peers) = (ports, None);
        (self.tracked, self.redirected, self.untracked) = (None, false, None);
        (self.last, self.shown) = (None, None);
    }

    /// One look. The balancers have just shown `before`. With `again` they are asked once more
    /// after it, else only if nothing else is in flight, because their answer then decides. While
    /// none can decide, it may be the last one.
    pub(crate) async fn look(
        &mut self,
        balancers: &mut [Balancer],
        before: &[BalancerObservation],
        again: bool,
    ) -> Result<Connections, String> {
        let counted = Count::at(before);
        let quiet = before.iter().all(is_quiet);
        if !again
            && !quiet
            && let Some(shown) = self.shown_lately(before, counted)
        {
            return Ok(shown);
        }
        let connections = tcp::connections(self.ports.port).await;
        let connections = connections.map_err(|error| error.to_string())?;
        let mut peers = match self.peers.take() {
            Some(peers) => peers,
            None => Peers::new(sources(&self.balancers).await),
        };
        let youngest = before.iter().filter_map(BalancerObservation::uptime).min();
        let mut by_peer = by_peer(&connections);
        if self.needs_tracking(&peers, &by_peer, counted, quiet) {
            self.add_tracked(&mut peers, &mut by_peer).await;
        }
        let (mut of_balancers, mut of_others) = peers.sort(by_peer);
        if surplus(&of_balancers, counted) > 0 {
            let apart = self.set_apart(&connections, &mut of_balancers, &mut of_others);
            apart.await;
        }
        let asks = again || quiet;
        let after = match asks {
            true => count_again(balancers).await,
            false => Ok(counted),
        };
        let mut look = Connections {
            none_leaves: none_leaves(youngest),
            untracked: self.untracked.clone(),
            oldest: tcp::oldest(&connections),
            ..Connections::new(of_balancers, of_others, after)
        };
        self.learn(&mut peers, counted, &look, asks);
        peers.learn_uncounted(before.iter().flat_map(BalancerObservation::lines));
        (look.uncounted, look.misnamed) = (peers.are_uncounted(), peers.misnamed());
        (look.addresses_known, look.hidden) = (peers.are_known(youngest), peers.are_hidden());
        self.peers = Some(peers);
        self.shown = Some((Instant::now(), look.clone()));
        Ok(look)
    }

    /// The last look, if it is not old and has taught enough. This one still learns from HAProxy's
    /// lines.
    fn shown_lately(
        &mut self,
        before: &[BalancerObservation],
        counted: Count,
    ) -> Option<Connections> {
        let (at, shown) = self.shown.as_ref()?;
        let peers = self.peers.as_mut()?;
        if !peers.are_settled() || at.elapsed() >= RARELY {
            return None;
        }
        if let Some(last) = self.last.take().filter(|last| last.after == Ok(counted)) {
            peers.learn(counted, &last);
        }
        peers.learn_uncounted(before.iter().flat_map(BalancerObservation::lines));
        Some(shown.clone())
    }

    /// Learns which peers are balancers, once HAProxy has counted before and after a look.
    fn learn(&mut self, peers: &mut Peers, counted: Count, look: &Connections, asked: bool) {
        if let Some(last) = self.last.take().filter(|last| last.after == Ok(counted)) {
            peers.learn(counted, &last);
        }
        match asked {
            true => peers.learn(counted, look),
            false => self.last = Some(look.clone()),
        }
    }

    /// Reading them is expensive on a busy host. So it reads them only if the table alone is not
    /// enough, or would decide.
    fn needs_tracking(&self, peers: &Peers, by_peer: &ByPeer, counted: Count, quiet: bool) -> bool {
        let (ours, _) = peers.sort(by_peer.clone());
        let ours: u64 = ours.values().sum();
        let counted = counted.connections.unwrap_or(0);
        let due = self.tracked.is_none_or(|at| at.elapsed() >= EACH);
        let last_word = ours <= counted && quiet;
        let wanted = !peers.are_known(None) || ours < counted || last_word;
        self.redirected || self.tracked.is_none() || (due && wanted)
    }

    /// Other programs of this host have HAProxy's address if HAProxy runs here, too.
    async fn set_apart(&mut self, all: &[Connection], ours: &mut ByPeer, others: &mut ByPeer) {
        let own = interface_addresses();
        if !ours.keys().any(|ip| own.contains(ip)) {
            return;
        }
        let of_others = self.callers.of_others(self.ports.port).await;
        for peer in all.iter().map(|one| one.peer) {
            if let Some(count) = ours.get_mut(&peer.ip())
                && of_others.contains(&peer)
            {
                *count = count.saturating_sub(1);
                *others.entry(peer.ip()).or_default() += 1;
            }
        }
    }

    async fn add_tracked(&mut self, peers: &mut Peers, by_peer: &mut ByPeer) {
        let status_ports = [Some(self.ports.status_port), self.ports.backup_status_port];
        let ports = [Some(self.ports.port)].into_iter().chain(status_ports);
        let flows = flows(ports.flatten().collect()).await;
        self.tracked = Some(Instant::now());
        self.untracked = flows.as_ref().err().cloned();
        let peer = |flow: &Flow| flow.peer.ip().to_canonical();
        let own = interface_addresses();
        for flow in flows.iter().flatten() {
            if status_ports.contains(&Some(flow.to.port())) {
                peers.checked_from(peer(flow));
            } else if flow.is_redirected(self.ports.port, &own) {
                self.redirected = true;
                if flow.alive {
                    *by_peer.entry(peer(flow)).or_default() += 1;
                }
            }
        }
    }
}

fn by_peer(connections: &[Connection]) -> ByPeer {
    let mut by_peer = ByPeer::new();
    for connection in connections {
        *by_peer.entry(connection.peer.ip()).or_default() += 1;
    }
    by_peer
}

fn surplus(ours: &ByPeer, counted: Count) -> u64 {
    let counted = counted.connections.unwrap_or(u64::MAX);
    ours.values().sum::<u64>().saturating_sub(counted)
}

/// Nothing is in flight on lines that must drain.
pub(super) fn is_quiet(balancer: &BalancerObservation) -> bool {
    let is_quiet = |line: &ServerLine| line.out && line.in_flight == 0;
    let mut lines = balancer.lines().iter();
    lines.all(|line| line.role == Role::ClassicTwin || is_quiet(line))
}

async fn count_again(balancers: &mut [Balancer]) -> Result<Count, String> {
    let looks = balancers
        .iter_mut()
        .map(|balancer| observe(balancer, Ask::Lines));
    let again = join_all(looks).await;
    let trouble = |one: &BalancerObservation| one.unseen().or_else(|| one.reload_notice());
    match again.iter().find_map(trouble) {
        Some(trouble) => Err(trouble),
        None => Ok(Count::at(&again)),
    }
}
