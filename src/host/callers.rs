//! Who on this host itself calls the app: a HAProxy that runs here, or a local nginx, a monitoring.
//! Their addresses are the same, so the process tells them apart.

use crate::gate::owner;
use crate::tcp;
use std::collections::HashMap;
use std::net::SocketAddr;

/// What HAProxy's workers are called, the leaving ones too: with a version, or by HAProxy
/// Technologies.
const HAPROXY: [&str; 2] = ["haproxy", "hapee"];

/// The sockets of this host that are connected to the app's port, as far as they were asked for.
#[derive(Debug, Default)]
pub(super) struct Callers {
    /// By inode: a socket never changes its owner for another program's.
    asked: HashMap<u64, bool>,
}

impl Callers {
    /// Those ends, of connections to `port`, that surely belong to another program than HAProxy.
    /// A look through the files of all processes takes milliseconds: once for each socket.
    pub(super) fn of_others(&mut self, port: u16) -> Vec<SocketAddr> {
        let Ok(callers) = tcp::callers(port) else {
            return Vec::new();
        };
        self.asked
            .retain(|inode, _| callers.iter().any(|caller| caller.inode == *inode));
        let others = callers.iter().filter(|caller| {
            *self
                .asked
                .entry(caller.inode)
                .or_insert_with(|| owner(caller.inode).is_some_and(|name| !is_haproxy(&name)))
        });
        let end = |ip: SocketAddr| SocketAddr::new(ip.ip().to_canonical(), ip.port());
        others.map(|caller| end(caller.local)).collect()
    }
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
