//! The table looked at again and again: what an answer has just ended is told from a stream,
//! which sends without having been asked.

use super::{Connection, TcpError, connections};
use std::collections::HashSet;
use std::net::SocketAddr;

/// The connections to one port, with what was seen of them before.
#[derive(Debug)]
pub struct Watch {
    port: u16,
    /// The peers of those that were seen waiting for an answer.
    asked: HashSet<SocketAddr>,
}

impl Watch {
    /// Nothing was seen yet.
    pub fn new(port: u16) -> Watch {
        Watch {
            port,
            asked: HashSet::new(),
        }
    }

    /// All established connections to the port, as [`connections`].
    ///
    /// # Errors
    ///
    /// As [`connections`].
    pub async fn look(&mut self) -> Result<Vec<Connection>, TcpError> {
        Ok(self.remember(connections(self.port).await?))
    }

    /// A connection that is gone is forgotten: its port may be another one's soon.
    fn remember(&mut self, mut connections: Vec<Connection>) -> Vec<Connection> {
        let before = std::mem::take(&mut self.asked);
        for connection in &mut connections {
            connection.was_asked = before.contains(&connection.peer) || connection.is_waiting();
            if connection.was_asked {
                self.asked.insert(connection.peer);
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
            was_asked: false,
        }
    }

    #[test]
    fn an_answer_is_known_by_its_question() {
        let mut watch = Watch::new(1000);
        let (asked, streams) = ("10.0.0.1:4000", "10.0.0.1:4001");
        let asked_of = |connections: Vec<Connection>| -> Vec<bool> {
            connections.iter().map(|one| one.was_asked).collect()
        };
        let first = vec![seen(asked, 3000, 9000), seen(streams, 3000, 100)];
        assert_eq!(asked_of(watch.remember(first)), [true, false]);
        let then = vec![seen(asked, 3030, 10), seen(streams, 3030, 130)];
        assert_eq!(asked_of(watch.remember(then)), [true, false]);
        assert!(watch.remember(vec![]).is_empty());
        let anew = vec![seen(asked, 3000, 10)];
        assert_eq!(asked_of(watch.remember(anew)), [false], "another one");
    }
}
