//! Finds the programs on this host that call the app: a local HAProxy, a local nginx, a
//! monitoring agent. They have the same address, so only the process distinguishes them.

use crate::gate::names_of;
use crate::tcp;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

/// The names of HAProxy's workers, the leaving ones too. They may have a version, or be HAProxy
/// Technologies' own.
const HAPROXY: [&str; 2] = ["haproxy", "hapee"];

/// The sockets of this host that are connected to the app's port, as far as the agent looked them
/// up.
#[derive(Debug, Default)]
pub(super) struct Callers {
    /// By inode: a socket never changes its owner for another program's.
    asked: HashMap<u64, bool>,
}

impl Callers {
    /// The ends of connections to `port` that certainly belong to another program than HAProxy. A
    /// look through the files of all processes takes milliseconds: one look covers all new
    /// sockets, in a thread of its own.
    pub(super) async fn of_others(&mut self, port: u16) -> Vec<SocketAddr> {
        let asked = std::mem::take(&mut self.asked);
        let look = tokio::task::spawn_blocking(move || look(port, asked));
        let (asked, others) = look.await.unwrap_or_default();
        self.asked = asked;
        others
    }
}

fn look(port: u16, before: HashMap<u64, bool>) -> (HashMap<u64, bool>, Vec<SocketAddr>) {
    let callers = tcp::callers(port).unwrap_or_default();
    let new: HashSet<u64> = callers.iter().map(|caller| caller.inode).collect();
    let new: HashSet<u64> = new
        .into_iter()
        .filter(|it| !before.contains_key(it))
        .collect();
    let names = names_of(&new);
    let is_other = |inode: &u64| {
        let found = names.get(inode).is_some_and(|name| !is_haproxy(name));
        before.get(inode).copied().unwrap_or(found)
    };
    let asked: HashMap<u64, bool> = callers
        .iter()
        .map(|caller| (caller.inode, is_other(&caller.inode)))
        .collect();
    let end = |ip: SocketAddr| SocketAddr::new(ip.ip().to_canonical(), ip.port());
    let others = callers.iter().filter(|caller| asked[&caller.inode]);
    let others = others.map(|caller| end(caller.local)).collect();
    (asked, others)
}

fn is_haproxy(name: &str) -> bool {
    HAPROXY.iter().any(|ours| name.contains(ours))
}

#[cfg(test)]
mod tests {
    use super::is_haproxy;

    #[test]
    fn haproxy_has_more_names_than_one() {
        let named = ["haproxy", "haproxy-2.8", "hapee-lb", "nginx", "prometheus"].map(is_haproxy);
        assert_eq!(named, [true, true, true, false, false]);
    }
}
