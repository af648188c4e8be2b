//! The connections to the app, counted at both ends. HAProxy's current worker counts its own to
//! this app, idle or in use. This host's tables show all of them. The surplus belongs to workers
//! that leave after a reload. Both counts were equal at every look in HTTP/1, HTTP/2, TLS and mode
//! tcp: see `haproxy/README.md`.

use crate::haproxy::BalancerObservation;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// The number of connections of each address.
pub type ByPeer = BTreeMap<IpAddr, u64>;

/// The connections to the app at one moment, by this host's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// Those that come from the balancers' addresses.
    pub of_balancers: ByPeer,
    /// Those of other addresses: a monitoring, a neighbour.
    pub of_others: ByPeer,
    /// Only the balancers' connections matter: see [`Peers::are_known`](super::Peers::are_known).
    pub addresses_known: bool,
    /// Every balancer has a master socket, which shows what leaving workers carry. So these are only
    /// the connections that no line of the target shows: those that came by a parked port.
    pub by_parked_port: bool,
    /// HAProxy had connections to the app that no table of this host shows.
    pub hidden: bool,
    /// HAProxy had connections and counted none of them.
    pub uncounted: bool,
    /// The workers have run so long that no older one leaves.
    pub none_leaves: bool,
    /// The addresses that check the status ports, if `source` names none of them.
    pub misnamed: Vec<IpAddr>,
    /// Why redirected connections, such as to a container, can't be seen.
    pub untracked: Option<String>,
    /// The balancers' count right after. Err: why it is not known.
    pub after: Result<Count, String>,
    /// How long the oldest request seems to have waited, for display only.
    pub oldest: Option<Duration>,
}

/// What the current workers count on all our lines at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Connections to the app, idle or in use; None: a HAProxy before 2.3 does not count them.
    pub connections: Option<u64>,
    /// Sessions since the workers began.
    pub sessions: u64,
}

/// The result of comparing the two counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The current workers have every connection that there is.
    All,
    /// Sessions began meanwhile, so this look proves nothing.
    Unsteady,
    /// Connections that are left, or not known; one entry each.
    Left(Vec<String>),
}

impl Count {
    /// The sum over all lines of these balancers.
    pub fn at(balancers: &[BalancerObservation]) -> Count {
        let lines = balancers.iter().flat_map(BalancerObservation::lines);
        let mut sum = Count {
            connections: Some(0),
            sessions: 0,
        };
        for line in lines {
            let both = sum.connections.zip(line.connections);
            sum.connections = both.map(|(sum, more)| sum.saturating_add(more));
            sum.sessions = sum.sessions.saturating_add(line.sessions);
        }
        sum
    }
}

impl Connections {
    /// These connections, before anything is known about their owners.
    pub fn new(
        of_balancers: ByPeer,
        of_others: ByPeer,
        after: Result<Count, String>,
    ) -> Connections {
        Connections {
            of_balancers,
            of_others,
            addresses_known: false,
            by_parked_port: false,
            hidden: false,
            uncounted: false,
            none_leaves: false,
            misnamed: Vec::new(),
            untracked: None,
            after,
            oldest: None,
        }
    }

    /// Those that came by a parked port, where the master sockets show all others.
    pub fn by_parked_port(peers: ByPeer) -> Connections {
        Connections {
            by_parked_port: true,
            ..Connections::new(peers, ByPeer::new(), Ok(Count::default()))
        }
    }

    /// All of them. A program on HAProxy's machine has the same address as HAProxy.
    pub fn by_peer(&self) -> ByPeer {
        let mut all = self.of_balancers.clone();
        for (peer, count) in &self.of_others {
            *all.entry(*peer).or_default() += count;
        }
        all
    }

    /// The connections beyond those that the current workers counted `before` this look and after
    /// it.
    ///
    /// If both session counts are equal, no client opened a connection in between. So the current
    /// worker never had more than before, nor fewer than after. The table has a connection from
    /// its first packet on, and so before HAProxy counts it.
    pub fn counted(&self, before: Count) -> Counted {
        if self.by_parked_port {
            return self.left_of_parked_port();
        }
        let after = match &self.after {
            Ok(after) => *after,
            Err(why) => return Counted::Left(vec![why.clone()]),
        };
        let Some(counted) = before.connections.zip(after.connections) else {
            return Counted::Left(vec![UNCOUNTED.to_owned()]);
        };
        let counted = counted.0.min(counted.1);
        let (ours, all) = (sum(&self.of_balancers), self.all());
        let seen = match self.addresses_known && ours >= counted {
            true => ours,
            false => all,
        };
        match seen.checked_sub(counted) {
            _ if self.hidden => Counted::Left(vec![HIDDEN.to_owned()]),
            _ if before.sessions != after.sessions => Counted::Unsteady,
            // HAProxy has connections, and the tables show them: none is redirected elsewhere.
            Some(0) => match &self.untracked {
                Some(why) if counted == 0 => Counted::Left(vec![format!("{why}; {ONLY_MASTER}")]),
                _ => Counted::All,
            },
            Some(_) if self.uncounted && self.none_leaves => Counted::All,
            Some(surplus) => Counted::Left(vec![self.surplus(surplus, counted)]),
            None => Counted::Left(vec![format!(
                "HAProxy counts {counted} connections to the app, but this host's tables show \
                 {all}: a container or another network namespace hides them; {ONLY_MASTER}"
            )]),
        }
    }

    /// HAProxy has connections here, but they come from none of the balancers' known addresses.
    pub fn come_from_elsewhere(&self, before: Count) -> bool {
        let least = least(before, &self.after);
        least.is_some_and(|counted| sum(&self.of_balancers) < counted && self.all() >= counted)
    }

    /// HAProxy has more connections here than any table of this host shows.
    pub fn fall_short(&self, before: Count) -> bool {
        least(before, &self.after).is_some_and(|counted| self.all() < counted)
    }

    /// HAProxy counted the same before and after this look, so that it can teach something.
    pub fn is_steady(&self, before: Count) -> bool {
        least(before, &self.after).is_some()
    }

    fn all(&self) -> u64 {
        sum(&self.of_balancers) + sum(&self.of_others)
    }

    fn left_of_parked_port(&self) -> Counted {
        let from = peers_in_words(&self.of_balancers);
        match self.all() {
            0 => Counted::All,
            left => Counted::Left(vec![format!(
                "{left} connection{} from HAProxy came by the parked port of another target ({from}) and \
                 may carry users",
                if left == 1 { "" } else { "s" }
            )]),
        }
    }

    fn surplus(&self, surplus: u64, counted: u64) -> String {
        let settled = self.addresses_known && sum(&self.of_balancers) >= counted;
        let peers = match settled {
            true => &self.of_balancers,
            false => &self.by_peer(),
        };
        let (from, plural) = (peers_in_words(peers), if surplus == 1 { "" } else { "s" });
        let what = format!(
            "{surplus} more connection{plural} to the app than HAProxy counts ({from}; {counted} \
             counted): a worker that leaves after a reload may still carry users there"
        );
        match settled {
            _ if self.uncounted => {
                format!("{what}; HAProxy counts none with `http-reuse never`, and {ONLY_MASTER}")
            }
            true => format!(
                "{what}, or another program there calls the app (`ss -tnp` shows it); \
                 {ONLY_MASTER}"
            ),
            false => format!(
                "{what}; set `source` in [[haproxy]] to the addresses that HAProxy \
                connects from"
            ),
        }
    }
}

/// The connections, if the counts before and after agree: no session began in between.
fn least(before: Count, after: &Result<Count, String>) -> Option<u64> {
    let after = after.as_ref().ok()?;
    let steady = before == *after;
    before.connections.filter(|_| steady)
}

const ONLY_MASTER: &str = "only HAProxy's master socket shows what leaving workers carry: set \
    `master` in [[haproxy]]";

const UNCOUNTED: &str = "this HAProxy does not count its connections (2.3 and newer do): only \
    HAProxy's master socket shows what leaving workers carry: set `master` in [[haproxy]]";

const HIDDEN: &str = "HAProxy had connections to the app that no table of this host shows (a \
    container, another network namespace): only HAProxy's master socket shows what leaving \
    workers carry: set `master` in [[haproxy]]";

fn sum(peers: &ByPeer) -> u64 {
    peers.values().sum()
}

/// Formats them as "7 from 10.0.0.1, 1 from 10.0.0.50".
pub fn peers_in_words(peers: &ByPeer) -> String {
    let some = peers.iter().filter(|(_, count)| **count > 0);
    let parts: Vec<String> = some
        .map(|(peer, count)| format!("{count} from {peer}"))
        .collect();
    match parts.is_empty() {
        true => "none".to_owned(),
        false => parts.join(", "),
    }
}
