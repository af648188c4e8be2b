//! What leaving workers carry.

use super::*;
use crate::haproxy::Leaving;
use crate::tcp::Connection;
use Role::{ClassicTwin, Main, Twin};

/// A connection that last received and sent so many milliseconds ago.
fn connection(received: Option<u64>, sent: Option<u64>) -> Connection {
    Connection {
        peer: "10.0.0.1:4000".parse().unwrap(),
        local: "10.0.0.11:1000".parse().unwrap(),
        received_ago: received.map(Duration::from_millis),
        sent_ago: sent.map(Duration::from_millis),
        unacknowledged: 0,
        explained: false,
    }
}

fn with(look: Seen, connections: &[Connection]) -> Seen {
    Seen {
        connections: Some(Ok(connections.to_vec())),
        ..look
    }
}

#[test]
fn a_leaving_workers_request_is_waited_for() {
    let mut look = seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let leaving = Leaving {
        pid: 7,
        line: "srvs/web1".into(),
        in_flight: 1,
    };
    look.balancers[0].leaving = Some(vec![leaving]);
    let next = step(Phase::Drain { zeros: 1 }, &look);
    assert_eq!(
        waits(next),
        ["lb srvs/web1 has 1 request in flight on its leaving worker 7"]
    );
    look.balancers[0].leaving = Some(vec![]);
    assert_eq!(goes(step(Phase::Drain { zeros: 1 }, &look)), Phase::Restart);
}

#[test]
fn where_all_lines_are_out_no_request_may_be_unanswered() {
    let out = || seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let drained = |connections: &[Connection]| {
        let next = step(Phase::Drain { zeros: 1 }, &with(out(), connections));
        matches!(
            next,
            Step::Go {
                to: Phase::Restart,
                ..
            }
        )
    };
    assert!(drained(&[]));
    assert!(drained(&[connection(None, None)]), "connected, no request");
    assert!(drained(&[connection(Some(40), Some(40))]), "answered");
    assert!(
        drained(&[connection(Some(3100), Some(2500))]),
        "answered late"
    );
    assert!(!drained(&[connection(Some(40), None)]), "a first request");
    assert!(!drained(&[connection(Some(40), Some(900))]), "the next one");
    assert!(!drained(&[connection(Some(9000), Some(100))]), "a stream");
    let answered = Connection {
        explained: true,
        ..connection(Some(9000), Some(100))
    };
    assert!(drained(&[answered]), "an answer that took its time");
    let unread = Connection {
        unacknowledged: 9,
        ..connection(Some(40), Some(30))
    };
    assert!(!drained(&[unread]), "the answer is on its way");
    let told = with(
        out(),
        &[connection(Some(40), None), connection(Some(1), None)],
    );
    let told = told.left_over().concat();
    assert!(
        told.starts_with("2 requests of 10.0.0.1 in flight"),
        "{told}"
    );
}

#[test]
fn a_table_out_of_sight_is_not_a_drained_one() {
    let look = Seen {
        connections: Some(Err("the TCP table can't be read".into())),
        ..seen(&[(Main, "DOWN", 0)])
    };
    assert_eq!(
        waits(step(Phase::Drain { zeros: 1 }, &look)),
        ["the TCP table can't be read"]
    );
}

/// The worker has run for 100 s.
#[test]
fn beside_a_classic_twin_only_what_is_older_or_too_many_is_left_over() {
    let classic = |in_flight| seen(&[(Main, "DOWN", 0), (ClassicTwin, "UP", in_flight)]);
    let left = |look: Seen| look.left_over().len();
    let new = connection(Some(50), None);
    let old = connection(Some(100_000), None);
    assert_eq!(left(with(classic(1), std::slice::from_ref(&new))), 0);
    assert_eq!(left(with(classic(1), std::slice::from_ref(&old))), 1);
    assert_eq!(left(with(classic(1), &[new.clone(), new.clone()])), 1);
    assert_eq!(left(with(classic(2), &[new, old])), 1);
}
