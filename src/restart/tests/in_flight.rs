//! What leaving workers carry.

use super::*;
use crate::haproxy::{Leaving, Mode};
use Role::{ClassicTwin, Main, Twin};
use std::net::IpAddr;

const LB: &str = "10.0.0.1";
const MONITORING: &str = "10.0.0.50";

/// How long the youngest worker has run.
const YOUNG: Option<Duration> = Some(Duration::from_secs(100));
const OLD: Option<Duration> = Some(Duration::from_secs(7200));

fn by_peer(peers: &[(&str, u64)]) -> ByPeer {
    let peer = |(ip, count): &(&str, u64)| (ip.parse().unwrap(), *count);
    peers.iter().map(peer).collect()
}

/// What the tables show; HAProxy counts `counted` after it.
fn table(of_balancers: &[(&str, u64)], of_others: &[(&str, u64)], counted: u64) -> Connections {
    Connections {
        addresses_known: true,
        ..Connections::new(
            by_peer(of_balancers),
            by_peer(of_others),
            Ok(count(counted)),
        )
    }
}

fn count(connections: u64) -> Count {
    Count {
        connections: Some(connections),
        sessions: 7,
    }
}

fn left(counted: Counted) -> String {
    match counted {
        Counted::Left(left) => left.concat(),
        other => panic!("{other:?}"),
    }
}

fn drains(connections: Connections) -> Step {
    let mut look = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let lines = &mut answer(&mut look).lines;
    (lines[0].connections, lines[0].sessions) = (Some(6), 0);
    look.connections = Some(Ok(connections));
    step(Phase::Drain { zeros: 1 }, &look)
}

/// In mode tcp a connection is in flight from its begin to its end.
#[test]
fn in_mode_tcp_connections_are_waited_for() {
    for (count, carried) in [(1, "1 connection open"), (2, "2 connections open")] {
        let mut look = observation(&[(Main, "DOWN", count)]);
        let leaving = Leaving {
            pid: 7,
            line: "srvs/web1".into(),
            in_flight: count,
            mode: Mode::Tcp,
        };
        let answer = answer(&mut look);
        answer.lines[0].mode = Mode::Tcp;
        answer.leaving = Some(vec![leaving]);
        let next = step(Phase::Drain { zeros: 1 }, &look);
        assert_eq!(
            waits(next),
            [
                format!("lb srvs/Main has {carried}"),
                format!("lb srvs/web1 has {carried} on its leaving worker 7"),
            ]
        );
    }
}

#[test]
fn a_leaving_workers_request_is_waited_for() {
    let mut look = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let leaving = Leaving {
        pid: 7,
        line: "srvs/web1".into(),
        in_flight: 1,
        mode: Mode::Http,
    };
    answer(&mut look).leaving = Some(vec![leaving]);
    let next = step(Phase::Drain { zeros: 1 }, &look);
    assert_eq!(
        waits(next),
        ["lb srvs/web1 has 1 request in flight on its leaving worker 7"]
    );
    answer(&mut look).leaving = Some(vec![]);
    assert_eq!(goes(step(Phase::Drain { zeros: 1 }, &look)), Phase::Restart);
}

#[test]
fn an_unseen_table_is_not_a_drained_one() {
    let look = Observation {
        connections: Some(Err("the TCP table can't be read".into())),
        ..observation(&[(Main, "DOWN", 0)])
    };
    assert_eq!(
        waits(step(Phase::Drain { zeros: 1 }, &look)),
        ["the TCP table can't be read"]
    );
}

#[test]
fn the_drain_is_over_when_haproxy_counts_all_that_there_are() {
    assert_eq!(goes(drains(table(&[(LB, 6)], &[], 6))), Phase::Restart);
    let waits = waits(drains(table(&[(LB, 8)], &[], 6))).concat();
    assert!(
        waits.starts_with(
            "2 more connections to the app than HAProxy counts (8 from 10.0.0.1; 6 counted): a worker that \
             leaves after a reload may still carry users there"
        ),
        "{waits}"
    );
}

#[test]
fn a_look_between_two_sessions_is_needed_and_none_breaks_the_row() {
    let moved = Count {
        sessions: 8,
        ..count(6)
    };
    let step = drains(Connections {
        after: Ok(moved),
        ..table(&[(LB, 6)], &[], 6)
    });
    let Step::Stay { phase, waiting, .. } = step else {
        panic!("{step:?}")
    };
    assert_eq!(phase, Phase::Drain { zeros: 1 });
    assert!(waiting.concat().contains("sessions began"), "{waiting:?}");
}

/// A connection that HAProxy counts too long hides one of a leaving worker for a moment.
#[test]
fn beside_a_twin_that_goes_on_serving_more_looks_in_a_row_must_agree() {
    let phase = |zeros| Phase::Drain { zeros };
    let look = |twin: Role, status: &str| {
        let mut look = observation(&[(Main, "DOWN", 0), (twin, status, 0)]);
        let lines = &mut answer(&mut look).lines;
        lines[0].connections = Some(6);
        lines[0].sessions = 0;
        look.connections = Some(Ok(table(&[(LB, 6)], &[], 6)));
        look
    };
    let serving = look(ClassicTwin, "UP");
    for zeros in 0..4 {
        let Step::Stay { phase: next, .. } = step(phase(zeros), &serving) else {
            panic!("{zeros} looks were enough")
        };
        assert_eq!(next, phase(zeros + 1));
    }
    assert_eq!(goes(step(phase(4), &serving)), Phase::Restart);
    assert_eq!(goes(step(phase(1), &look(Twin, "DOWN"))), Phase::Restart);
    let by_the_master = Observation {
        connections: None,
        ..serving
    };
    assert_eq!(goes(step(phase(1), &by_the_master)), Phase::Restart);
}

#[test]
fn direct_clients_of_the_app_never_hold_up_a_restart() {
    let counted = table(&[(LB, 6)], &[(MONITORING, 3)], 6).counted(count(6));
    assert_eq!(counted, Counted::All);
    // The balancer's address is not known, so all of them may be its.
    let unknown = Connections {
        addresses_known: false,
        ..table(&[(LB, 6)], &[(MONITORING, 3)], 6)
    };
    let left = left(unknown.counted(count(6)));
    assert!(
        left.contains("3 more connections") && left.contains("6 from 10.0.0.1, 3 from 10.0.0.50"),
        "{left}"
    );
    assert!(left.contains("`source` in [[haproxy]]"), "{left}");
}

/// A program on HAProxy's machine calls from the same address.
#[test]
fn an_address_that_haproxy_and_a_client_share_counts_whole() {
    let all = table(&[(LB, 6), (MONITORING, 1)], &[(LB, 2)], 6).by_peer();
    assert_eq!(all, by_peer(&[(LB, 8), (MONITORING, 1)]));
}

#[test]
fn connections_from_elsewhere_are_still_haproxys() {
    let elsewhere = table(&[], &[("10.1.0.1", 6)], 6);
    assert_eq!(elsewhere.counted(count(6)), Counted::All);
    let more = table(&[], &[("10.1.0.1", 7)], 6).counted(count(6));
    assert!(left(more).contains("`source` in [[haproxy]]"));
}

#[test]
fn fewer_than_haproxy_counts_prove_nothing() {
    for (connections, what) in [
        (table(&[(LB, 1)], &[], 6), "hides them"),
        (
            Connections {
                hidden: true,
                ..table(&[(LB, 6)], &[], 6)
            },
            "no table of this host shows",
        ),
    ] {
        let left = left(connections.counted(count(6)));
        assert!(
            left.contains(what) && left.contains("`master` in [[haproxy]]"),
            "{left}"
        );
    }
    let old = Count {
        connections: None,
        sessions: 7,
    };
    let left = left(table(&[], &[], 0).counted(old));
    assert!(left.contains("does not count its connections"), "{left}");
}

/// A container's connections are only there.
#[test]
fn tracking_that_can_not_be_read_is_not_an_empty_one() {
    let unread = |counted| Connections {
        untracked: Some("can't list tracked connections: not permitted".into()),
        ..table(&[(LB, counted)], &[], counted)
    };
    let nothing = left(unread(0).counted(count(0)));
    assert!(
        nothing.contains("not permitted") && nothing.contains("`master`"),
        "{nothing}"
    );
    assert_eq!(
        unread(6).counted(count(6)),
        Counted::All,
        "the table has them"
    );
}

/// HAProxy closes a pooled connection between two counts. It must not hide a leaving one.
#[test]
fn the_smaller_of_two_counts_is_the_one_that_holds() {
    let closed = table(&[(LB, 6)], &[], 5);
    assert!(left(closed.counted(count(6))).starts_with("1 more connection to"));
}

#[test]
fn the_limit_ends_a_surplus_by_policy() {
    let mut look = late(observation(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 1)]));
    look.connections = Some(Ok(table(&[(LB, 2)], &[], 1)));
    let next = goes(step(Phase::Drain { zeros: 0 }, &look));
    assert!(
        matches!(next, Phase::PutBack(Why::DrainRanOut(_))),
        "{next:?}"
    );
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let next = decide(Verb::Restart, &Phase::Drain { zeros: 0 }, &look, &proceed);
    assert_eq!(goes(next), Phase::Restart);
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn sorted(peers: &Peers) -> (ByPeer, ByPeer) {
    peers.sort(by_peer(&[(LB, 6), (MONITORING, 3)]))
}

#[test]
fn the_address_of_a_stats_socket_is_known_once_a_check_came_from_it() {
    let mut peers = Peers::new(vec![Source::Socket(vec![ip(LB)])]);
    assert!(!peers.are_known(YOUNG));
    peers.checked_from(ip(LB));
    assert!(peers.are_known(YOUNG));
    assert_eq!(
        sorted(&peers),
        (by_peer(&[(LB, 6)]), by_peer(&[(MONITORING, 3)]))
    );
}

/// Its stats socket is in another network than its traffic.
#[test]
fn a_check_from_elsewhere_names_a_balancer_too() {
    let mut peers = Peers::new(vec![Source::Socket(vec![ip("192.168.0.1")])]);
    peers.checked_from(ip(LB));
    assert!(peers.are_known(YOUNG));
    assert_eq!(sorted(&peers).0, by_peer(&[(LB, 6)]));
    let mut two = Peers::new(vec![Source::Socket(vec![ip("192.168.0.1")]); 2]);
    two.checked_from(ip(LB));
    assert!(!two.are_known(YOUNG), "which of the two was it?");
    assert!(two.are_known(OLD), "no worker leaves any more");
}

#[test]
fn the_configured_source_decides() {
    let mut named = Peers::new(vec![Source::Named(vec![ip(LB)])]);
    assert!(named.are_known(YOUNG));
    named.checked_from(ip(MONITORING));
    assert_eq!(
        sorted(&named).0,
        by_peer(&[(LB, 6)]),
        "a probe of the status port"
    );
    let any = Peers::new(vec![Source::Any]);
    assert!(any.are_known(YOUNG));
    assert_eq!(sorted(&any).1, by_peer(&[]));
}

/// A wrong `source` must not hide a leaving worker's request.
#[test]
fn a_source_without_checks_does_not_count() {
    let mut wrong = Peers::new(vec![Source::Named(vec![ip("10.0.0.77")])]);
    assert!(wrong.are_known(YOUNG) && wrong.misnamed().is_empty());
    wrong.checked_from(ip(LB));
    assert!(!wrong.are_known(OLD));
    assert_eq!(wrong.misnamed(), [ip(LB)]);
    // One address of two: the other check is a probe of the status port.
    let mut right = Peers::new(vec![Source::Named(vec![ip("10.0.0.77"), ip(LB)])]);
    right.checked_from(ip(LB));
    right.checked_from(ip(MONITORING));
    assert!(right.are_known(YOUNG) && right.misnamed().is_empty());
}

#[test]
fn some_looks_in_a_row_teach_that_connections_come_from_elsewhere_or_are_hidden() {
    let known = || {
        let mut peers = Peers::new(vec![Source::Socket(vec![ip(LB)])]);
        peers.checked_from(ip(LB));
        peers
    };
    let elsewhere = table(&[], &[("10.1.0.1", 6)], 6);
    let hidden = table(&[(LB, 1)], &[], 6);
    let fine = table(&[(LB, 6)], &[], 6);
    let after = |looks: &[&Connections]| {
        let mut peers = known();
        looks.iter().for_each(|look| peers.learn(count(6), look));
        (peers.are_known(YOUNG), peers.are_hidden())
    };
    assert_eq!(after(&[&fine; 9]), (true, false));
    assert_eq!(after(&[&elsewhere; 5]), (false, false));
    assert_eq!(after(&[&hidden; 5]), (true, true));
    let once_each = [
        &hidden, &hidden, &elsewhere, &fine, &hidden, &hidden, &hidden,
    ];
    assert_eq!(after(&once_each), (true, false), "a moment");
    let mut later = vec![&hidden; 5];
    later.extend([&fine; 9]);
    assert_eq!(after(&later), (true, true), "once seen, it stays so");
}

/// A look that HAProxy's sessions disturb teaches nothing, and one that disagrees begins anew.
#[test]
fn ten_looks_that_agree_settle_where_the_connections_come_from() {
    let fine = table(&[(LB, 6)], &[], 6);
    let hidden = table(&[(LB, 1)], &[], 6);
    let unsteady = table(&[(LB, 6)], &[], 7);
    let settled = |looks: &[&[&Connections]]| {
        let mut peers = Peers::new(vec![Source::Socket(vec![ip(LB)])]);
        let looks = looks.concat();
        looks.iter().for_each(|look| peers.learn(count(6), look));
        peers.are_settled()
    };
    assert!(!settled(&[&[&fine; 9]]));
    assert!(settled(&[&[&fine; 10]]));
    assert!(!settled(&[&[&fine; 9], &[&unsteady; 20]]));
    assert!(settled(&[&[&fine; 9], &[&unsteady; 20], &[&fine]]));
    assert!(!settled(&[&[&fine; 20], &[&hidden], &[&fine; 9]]));
}

#[test]
fn a_haproxy_that_counts_none_shows_by_its_requests_in_flight() {
    let line = |in_flight, connections| ServerLine {
        in_flight,
        connections: Some(connections),
        ..observation(&[(Main, "DOWN", 0)]).balancers[0].lines()[0].clone()
    };
    let after = |lines: &[ServerLine]| {
        let mut peers = Peers::new(vec![]);
        for line in lines {
            peers.learn_uncounted([line].into_iter());
        }
        peers.are_uncounted()
    };
    let (private, idle, pooled) = (line(2, 0), line(0, 0), line(2, 2));
    assert!(!after(&vec![private.clone(); 4]));
    assert!(after(&vec![private.clone(); 5]));
    let mut quiet = vec![private.clone(); 3];
    quiet.extend([idle.clone(), idle, private.clone(), private.clone()]);
    assert!(after(&quiet), "between two sessions nothing is learned");
    let mut moment = vec![private.clone(); 4];
    moment.extend([pooled, private]);
    assert!(!after(&moment), "it counts them after all");
}

#[test]
fn connections_that_haproxy_does_not_count_are_no_news_once_no_worker_leaves() {
    let connections = |uncounted, none_leaves| Connections {
        uncounted,
        none_leaves,
        ..table(&[(LB, 6)], &[], 0)
    };
    let counted = |uncounted, none_leaves| connections(uncounted, none_leaves).counted(count(0));
    assert_eq!(counted(true, true), Counted::All);
    assert!(left(counted(false, true)).starts_with("6 more connections to the app"));
    let young = left(counted(true, false));
    assert!(
        young.contains("`http-reuse never`") && young.contains("`master` in [[haproxy]]"),
        "{young}"
    );
    assert!(none_leaves(OLD) && !none_leaves(YOUNG) && !none_leaves(None));
}

/// A request that came while the port of another target was parked here is on the line of that one.
#[test]
fn with_master_sockets_a_drain_waits_only_for_what_came_by_a_parked_port() {
    let end = drains(Connections::by_parked_port(by_peer(&[])));
    assert!(matches!(end, Step::Go { .. }), "{end:?}");
    let came = Connections::by_parked_port(by_peer(&[(LB, 1)]));
    let says = left(came.counted(count(6)));
    assert_eq!(
        says,
        "1 connection from HAProxy came by the parked port of another target (1 from 10.0.0.1) and may \
         carry users"
    );
    assert!(matches!(drains(came), Step::Stay { .. }));
    // No count is compared, so a session between two looks matters as little as with a restart.
    let mut look = observation(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 0)]);
    look.connections = Some(Ok(Connections::by_parked_port(by_peer(&[]))));
    assert!(matches!(
        step(Phase::Drain { zeros: 1 }, &look),
        Step::Go { .. }
    ));
}
