//! The table looked at again and again: an answer that has just ended, of which HAProxy's
//! current workers know, is told from a leaving worker's stream, of which they don't.

use super::{Connection, TcpError, connections};
use std::collections::HashSet;
use std::net::SocketAddr;

/// The connections to one port, with what was seen of them before.
#[derive(Debug)]
pub struct Watch {
    port: u16,
    /// The peers of those whose request a current worker carried.
    explained: HashSet<SocketAddr>,
}

impl Watch {
    /// Nothing was seen yet.
    pub fn new(port: u16) -> Watch {
        Watch {
            port,
            explained: HashSet::new(),
        }
    }

    /// All established connections to the port, as [`connections`]. `carried`: what HAProxy's
    /// current workers say they have in flight.
    ///
    /// # Errors
    ///
    /// As [`connections`].
    pub async fn look(&mut self, carried: u64) -> Result<Vec<Connection>, TcpError> {
        Ok(self.remember(connections(self.port).await?, carried))
    }

    /// Where no more wait than the workers carry, all that wait are theirs. A connection that
    /// is gone is forgotten: its port may be another one's soon.
    fn remember(&mut self, mut connections: Vec<Connection>, carried: u64) -> Vec<Connection> {
        let before = std::mem::take(&mut self.explained);
        let waiting = connections.iter().filter(|one| one.is_waiting()).count();
        let theirs = u64::try_from(waiting).is_ok_and(|waiting| waiting <= carried);
        for connection in &mut connections {
            let now = theirs && connection.is_waiting();
            connection.explained = now || before.contains(&connection.peer);
            if connection.explained {
                self.explained.insert(connection.peer);
            }
        }
        connections
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn seen(peer: &str, received: u64, sent: u64) -> Connection {
        Connection {
            peer: peer.parse().unwrap(),
            local: "10.0.0.11:1000".parse().unwrap(),
            received_ago: Some(Duration::from_millis(received)),
            sent_ago: Some(Duration::from_millis(sent)),
            unacknowledged: 0,
            explained: false,
        }
    }

    fn explained(connections: &[Connection]) -> Vec<bool> {
        connections.iter().map(|one| one.explained).collect()
    }

    const ASKED: &str = "10.0.0.1:4000";
    const STREAMS: &str = "10.0.0.1:4001";

    #[test]
    fn an_answer_is_known_by_the_request_that_a_worker_carried() {
        let mut watch = Watch::new(1000);
        let first = vec![seen(ASKED, 3000, 9000), seen(STREAMS, 3000, 100)];
        assert_eq!(explained(&watch.remember(first, 1)), [true, false]);
        let then = vec![seen(ASKED, 3030, 10), seen(STREAMS, 3030, 130)];
        assert_eq!(explained(&watch.remember(then, 0)), [true, false]);
        assert!(watch.remember(vec![], 0).is_empty());
        let anew = vec![seen(ASKED, 3000, 10)];
        assert_eq!(explained(&watch.remember(anew, 0)), [false], "another one");
    }

    #[test]
    fn where_more_wait_than_are_carried_none_is_known() {
        let mut watch = Watch::new(1000);
        let two = vec![seen(ASKED, 3000, 9000), seen(STREAMS, 3000, 9000)];
        assert_eq!(explained(&watch.remember(two, 1)), [false, false]);
    }
}
