//! The connections to the app, counted at both ends. HAProxy's current worker counts those that
//! it has to this app, idle or in use; this host's own tables show those that there are. What is
//! too many belongs to workers that leave after a reload. Measured to be equal at every look in
//! HTTP/1, HTTP/2 and TLS, and in mode tcp: see `haproxy/README.md`.

use super::{BalancerSeen, LineSeen};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// So many connections of each address.
pub type ByPeer = BTreeMap<IpAddr, u64>;

/// The connections to the app at one moment, by this host's own tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// Those that come from the balancers' addresses.
    pub of_balancers: ByPeer,
    /// Those of everybody else: a monitoring, a neighbour.
    pub of_others: ByPeer,
    /// Nobody else's have to be looked at: see [`Peers::are_known`](super::Peers::are_known).
    pub addresses_known: bool,
    /// HAProxy was seen to have connections to the app that no table of this host shows.
    pub hidden: bool,
    /// HAProxy was seen to count none of those that it has.
    pub uncounted: bool,
    /// The workers have run for so long that no other leaves.
    pub none_leaves: bool,
    /// `source` names none of the addresses that check the status ports, which are these.
    pub misnamed: Vec<IpAddr>,
    /// Why connections that are led away from here, to a container, can't be seen.
    pub untracked: Option<String>,
    /// What the balancers counted right after. Err: why that is not known.
    pub after: Result<Count, String>,
    /// How long the oldest request seems to have waited; for people alone.
    pub oldest: Option<Duration>,
}

/// What the current workers count on all our lines, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Connections to the app, idle or in use; None: a HAProxy before 2.3 does not count them.
    pub connections: Option<u64>,
    /// Sessions since the workers began.
    pub sessions: u64,
}

/// What the two counts mean together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The current workers have every connection that there is.
    All,
    /// Sessions came meanwhile, so this look says nothing.
    Unsteady,
    /// This is left, or is not known; one entry each.
    Left(Vec<String>),
}

impl Count {
    /// Of all lines of these balancers.
    pub fn at(balancers: &[BalancerSeen]) -> Count {
        let lines = balancers.iter().flat_map(|one| one.lines.iter().flatten());
        let none = Count {
            connections: Some(0),
            sessions: 0,
        };
        lines.fold(none, |sum, line: &LineSeen| Count {
            connections: sum
                .connections
                .zip(line.connections)
                .map(|(sum, more)| sum.saturating_add(more)),
            sessions: sum.sessions.saturating_add(line.sessions),
        })
    }
}

impl Connections {
    /// These, where nothing is known yet of whose they are.
    pub fn new(
        of_balancers: ByPeer,
        of_others: ByPeer,
        after: Result<Count, String>,
    ) -> Connections {
        Connections {
            of_balancers,
            of_others,
            addresses_known: false,
            hidden: false,
            uncounted: false,
            none_leaves: false,
            misnamed: Vec::new(),
            untracked: None,
            after,
            oldest: None,
        }
    }

    /// All of them. On one machine a program beside HAProxy has the same address.
    pub fn by_peer(&self) -> ByPeer {
        let mut all = self.of_balancers.clone();
        for (peer, count) in &self.of_others {
            *all.entry(*peer).or_default() += count;
        }
        all
    }

    /// What is left beside what the current workers counted `before` this look and after it.
    ///
    /// Between two equal counts of sessions nobody opened a connection, so there were never more
    /// of the current worker's than before, nor fewer than after. A connection that HAProxy has
    /// counted is in the table from its first packet on: it came before HAProxy's answer did.
    pub fn counted(&self, before: Count) -> Counted {
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
            // Where HAProxy has some here, and they are in the table, none is led away.
            Some(0) => match &self.untracked {
                Some(why) if counted == 0 => Counted::Left(vec![format!("{why}; {ONLY_MASTER}")]),
                _ => Counted::All,
            },
            Some(_) if self.uncounted && self.none_leaves => Counted::All,
            Some(surplus) => Counted::Left(vec![self.surplus(surplus, counted)]),
            None => Counted::Left(vec![format!(
                "HAProxy counts {counted} connections to the app, this host's tables show {all}: a container or \
                 another network namespace hides them; {ONLY_MASTER}"
            )]),
        }
    }

    /// HAProxy has connections here that come from none of the addresses that are taken for the
    /// balancers'.
    pub fn come_from_elsewhere(&self, before: Count) -> bool {
        let least = least(before, &self.after);
        least.is_some_and(|counted| sum(&self.of_balancers) < counted && self.all() >= counted)
    }

    /// HAProxy has more connections here than any table of this host shows.
    pub fn fall_short(&self, before: Count) -> bool {
        least(before, &self.after).is_some_and(|counted| self.all() < counted)
    }

    fn all(&self) -> u64 {
        sum(&self.of_balancers) + sum(&self.of_others)
    }

    fn surplus(&self, surplus: u64, counted: u64) -> String {
        let settled = self.addresses_known && sum(&self.of_balancers) >= counted;
        let peers = match settled {
            true => &self.of_balancers,
            false => &self.by_peer(),
        };
        let (from, plural) = (peers_in_words(peers), if surplus == 1 { "" } else { "s" });
        let what = format!(
            "{surplus} connection{plural} to the app more than HAProxy counts ({from}; {counted} counted): a worker \
             that leaves after a reload may have a request there"
        );
        match settled {
            _ if self.uncounted => {
                format!("{what}; it counts none with `http-reuse never`, and {ONLY_MASTER}")
            }
            true => format!(
                "{what}, or somebody calls the app from there (`ss -tnp` shows it); {ONLY_MASTER}"
            ),
            false => format!("{what}; `source` in [[haproxy]] names the addresses that count"),
        }
    }
}

/// What the counts before and after agree on, where nobody came in between.
fn least(before: Count, after: &Result<Count, String>) -> Option<u64> {
    let after = after.as_ref().ok()?;
    let steady = before == *after;
    before.connections.filter(|_| steady)
}

const ONLY_MASTER: &str = "only HAProxy's master socket shows what leaving workers carry: name it, `master` in [[haproxy]]";

const UNCOUNTED: &str = "this HAProxy does not count its connections (2.3 and newer do): only its master socket shows \
                         what leaving workers carry: name it, `master` in [[haproxy]]";

const HIDDEN: &str = "HAProxy had connections to the app that no table of this host shows (a container, another \
                      network namespace): only its master socket shows what leaving workers carry: name it, \
                      `master` in [[haproxy]]";

fn sum(peers: &ByPeer) -> u64 {
    peers.values().sum()
}

/// As "7 from 10.0.0.1, 1 from 10.0.0.50".
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
