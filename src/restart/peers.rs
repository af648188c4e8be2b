//! The balancers' addresses. Other clients call the app directly, too: a monitoring with
//! keep-alive, a neighbour. They must never hold up a restart.

use super::{ByPeer, Connections, Count};
use crate::haproxy::ServerLine;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// Looks in a row that must agree. The agent can't ask HAProxy and the kernel in the same instant.
const ROW: u32 = 5;

/// Looks that have agreed with HAProxy, so that the next ones will hardly teach anything.
const SETTLED: u32 = 2 * ROW;

/// No older worker still leaves once a worker has run this long. It counts only if nothing shows
/// the balancers' addresses.
const LONG: Duration = Duration::from_secs(3600);

/// Where a balancer's connections come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From these addresses: the configuration names them (`source`).
    Named(Vec<IpAddr>),
    /// From anywhere: the balancer passes its clients' addresses on.
    Any,
    /// Probably from the address of its stats socket.
    Socket(Vec<IpAddr>),
}

/// What an operation has learned about the origin of the balancers' connections.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    sources: Vec<Source>,
    /// The addresses that check the status ports.
    checks: BTreeSet<IpAddr>,
    /// Looks in a row with connections from elsewhere, and with missing connections.
    elsewhere: u32,
    short: u32,
    /// Looks in which HAProxy counted no connection, but had requests in flight.
    uncounted: u32,
    /// Looks that showed HAProxy's connections where they should be, since one that did not.
    agreed: u32,
}

/// No worker older than the youngest one still leaves.
pub fn none_leaves(youngest: Option<Duration>) -> bool {
    youngest.is_some_and(|uptime| uptime >= LONG)
}

impl Peers {
    /// For balancers with these sources.
    pub fn new(sources: Vec<Source>) -> Peers {
        Peers {
            sources,
            ..Peers::default()
        }
    }

    /// This address checked a status port. Only balancers do that.
    pub fn checked_from(&mut self, peer: IpAddr) {
        self.checks.insert(peer);
    }

    /// Addresses that check the status ports, if `source` names only others. Then `source` is
    /// wrong, and any connection may be a balancer's.
    pub fn misnamed(&self) -> Vec<IpAddr> {
        let named: Vec<&IpAddr> = self.sources.iter().flat_map(named).collect();
        let agrees = named.is_empty() || self.checks.iter().any(|ip| named.contains(&ip));
        match agrees || self.sockets().next().is_some() {
            true => Vec::new(),
            false => self.checks.iter().copied().collect(),
        }
    }

    /// All balancers' addresses are known, so no other connection matters. Each address is named,
    /// or confirmed by its checks; or the `youngest` worker has run so long that no older one
    /// leaves.
    pub fn are_known(&self, youngest: Option<Duration>) -> bool {
        let agree = self.elsewhere < ROW && self.misnamed().is_empty();
        agree && (none_leaves(youngest) || self.are_confirmed())
    }

    fn are_confirmed(&self) -> bool {
        let confirmed =
            |addresses: &Vec<IpAddr>| addresses.iter().any(|ip| self.checks.contains(ip));
        let of_sockets: Vec<&Vec<IpAddr>> = self.sockets().collect();
        let unconfirmed = of_sockets.iter().filter(|one| !confirmed(one)).count();
        let is_socket = |ip: &&IpAddr| of_sockets.iter().any(|one| one.contains(ip));
        let others = self.checks.iter().filter(|ip| !is_socket(ip)).count();
        unconfirmed <= others
    }

    fn sockets(&self) -> impl Iterator<Item = &Vec<IpAddr>> {
        self.sources.iter().filter_map(|source| match source {
            Source::Socket(addresses) => Some(addresses),
            Source::Named(_) | Source::Any => None,
        })
    }

    fn is_balancer(&self, peer: &IpAddr) -> bool {
        let by_checks = self.sockets().next().is_some() && self.checks.contains(peer);
        by_checks
            || self.sources.iter().any(|source| match source {
                Source::Any => true,
                Source::Named(addresses) | Source::Socket(addresses) => addresses.contains(peer),
            })
    }

    /// HAProxy had connections here that no table shows.
    pub fn are_hidden(&self) -> bool {
        self.short >= ROW
    }

    /// HAProxy does not count connections that belong to one client (`http-reuse never`).
    pub fn are_uncounted(&self) -> bool {
        self.uncounted >= ROW
    }

    /// Learns from the lines of one look. Each session has a connection, so a count of 0 is
    /// wrong.
    pub fn learn_uncounted<'a>(&mut self, lines: impl Iterator<Item = &'a ServerLine>) {
        let busy: Vec<&ServerLine> = lines.filter(|line| line.in_flight > 0).collect();
        if busy.iter().any(|line| line.connections == Some(0)) {
            self.uncounted = ROW.min(self.uncounted + 1);
        } else if !busy.is_empty() {
            self.uncounted = 0;
        }
    }

    /// Splits them into the balancers' connections and those of other clients.
    pub fn sort(&self, peers: ByPeer) -> (ByPeer, ByPeer) {
        peers
            .into_iter()
            .partition(|(peer, _)| self.is_balancer(peer))
    }

    /// Learns from a look. The table must have HAProxy's open connections, and from HAProxy's
    /// address.
    pub fn learn(&mut self, before: Count, seen: &Connections) {
        let row = |so_far: u32, now: bool| match (so_far >= ROW, now) {
            (true, _) => ROW,
            (false, true) => so_far + 1,
            (false, false) => 0,
        };
        let (elsewhere, short) = (seen.come_from_elsewhere(before), seen.fall_short(before));
        self.elsewhere = row(self.elsewhere, elsewhere);
        self.short = row(self.short, short);
        self.agreed = match elsewhere || short {
            true => 0,
            false if seen.is_steady(before) => SETTLED.min(self.agreed + 1),
            false => self.agreed,
        };
    }

    /// Enough looks have agreed. Until nothing is in flight on HAProxy's lines, a look now and then
    /// is enough.
    pub fn are_settled(&self) -> bool {
        self.agreed >= SETTLED
    }
}

fn named(source: &Source) -> &[IpAddr] {
    match source {
        Source::Named(addresses) => addresses,
        Source::Any | Source::Socket(_) => &[],
    }
}
