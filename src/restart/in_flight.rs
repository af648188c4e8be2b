//! The drain verdict: what is in flight, on current workers and on leaving ones.
//!
//! A worker that leaves after a reload goes on with its requests, and the stats socket, which
//! is the new worker's, shows nothing of them. They are told by the master CLI where the
//! configuration names it, else by the host's own TCP table.

use super::{LineSeen, Seen};
use crate::haproxy::{Leaving, Role};
use crate::tcp::Connection;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// A stream (web socket, server-sent events) sends on its own: this recently, or it is
/// taken for an idle connection.
const STREAMING: Duration = Duration::from_secs(2);

/// What is sent this much later than the last request is no answer to it, unless a current
/// worker carried that request.
const UNPROMPTED: Duration = Duration::from_secs(1);

impl Seen {
    /// What is in flight on lines that must drain (all but the classic twin).
    pub fn in_flight(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role != Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// What the classic twins carry; they can't be shed, so it is told, not waited for.
    pub fn on_classic_twins(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role == Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// What workers that are leaving still carry: nobody can take it from them.
    pub fn left_over(&self) -> Vec<String> {
        let mut left = self.on_leaving_workers();
        match &self.connections {
            None => {}
            Some(Err(why)) => left.push(why.clone()),
            Some(Ok(connections)) => left.extend(self.unexplained(connections)),
        }
        left
    }

    fn on_leaving_workers(&self) -> Vec<String> {
        let mut told = Vec::new();
        for balancer in &self.balancers {
            for Leaving {
                pid,
                line,
                in_flight,
            } in balancer.leaving.iter().flatten()
            {
                let requests = requests(*in_flight);
                let name = &balancer.name;
                told.push(format!(
                    "{name} {line} has {requests} in flight on its leaving worker {pid}"
                ));
            }
        }
        told
    }

    /// Connections to the app that carry something which no current worker accounts for.
    /// Where all lines are out nothing may be left at all. The classic twin goes on serving:
    /// there a request is left over that is older than the worker, or one too many.
    fn unexplained(&self, connections: &[Connection]) -> Vec<String> {
        let busy: Vec<&Connection> = connections.iter().filter(|one| is_busy(one)).collect();
        let explained = self.carried_by_classic_twins();
        let old = |one: &&Connection| {
            let since = one.received_ago.unwrap_or_default();
            self.youngest().is_some_and(|uptime| since >= uptime)
        };
        let left: Vec<&Connection> = match explained {
            // HAProxy's own lines say it already.
            None if u64::try_from(busy.len()).is_ok_and(|all| all <= self.carried()) => Vec::new(),
            None => busy,
            Some(carried) if u64::try_from(busy.len()).is_ok_and(|all| all > carried) => busy,
            Some(_) => busy.into_iter().filter(old).collect(),
        };
        by_peer(&left)
    }

    /// What the current workers say they have in flight, on all our lines.
    pub fn carried(&self) -> u64 {
        let lines = self.balancers.iter().flat_map(|one| one.lines.iter());
        lines.flatten().map(|line| line.in_flight).sum()
    }

    /// None: there is no classic twin.
    fn carried_by_classic_twins(&self) -> Option<u64> {
        let lines = self.balancers.iter().flat_map(|one| one.lines.iter());
        let twins = lines
            .flatten()
            .filter(|line| line.role == Role::ClassicTwin);
        let carried: Vec<u64> = twins.map(|line| line.in_flight).collect();
        (!carried.is_empty()).then(|| carried.iter().sum())
    }

    /// How long the youngest worker has run.
    fn youngest(&self) -> Option<Duration> {
        let seen = self.balancers.iter().filter(|one| one.leaving.is_none());
        seen.filter_map(|one| one.uptime).min()
    }
}

fn is_busy(one: &Connection) -> bool {
    let streams = match (one.received_ago, one.sent_ago) {
        (Some(received), Some(sent)) => sent < STREAMING && received > sent + UNPROMPTED,
        (None, Some(sent)) => sent < STREAMING,
        _ => false,
    };
    one.is_waiting() || (streams && !one.explained)
}

fn by_peer(connections: &[&Connection]) -> Vec<String> {
    let mut peers: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for connection in connections {
        *peers.entry(connection.peer.ip()).or_default() += 1;
    }
    let told = |(peer, count): (&IpAddr, &u64)| {
        let requests = requests(*count);
        format!("{requests} of {peer} in flight by this host's TCP table (a leaving worker's?)")
    };
    peers.iter().map(told).collect()
}

fn carries(line: &LineSeen) -> String {
    format!("{} has {} in flight", line.name, requests(line.in_flight))
}

fn requests(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} request{plural}")
}
