//! Recorded answers in front of hosts with two targets (`tests/haproxy_answers/record-targets`):
//! 10.0.0.11 serves with blue, 10.0.0.12 is in the middle of a switch, and 10.0.0.13 is out.

use crate::fake_socket::FakeSocket;
use crate::{PORTS, VERSIONS, recorded};
use haproxy_gate::haproxy::{AppPorts, Balancer, ErrorCounts, Neighbours, Role, Unseen};
use lab::block_on;

const GREEN: AppPorts = AppPorts {
    port: 1001,
    status_port: 2001,
    backup_status_port: Some(3001),
    health_port: None,
};

/// The agent of a host, seen at blue or at green, beside another app on port 1005.
fn balancer(socket: &FakeSocket, version: &str, host: &str, is_green: bool) -> Balancer {
    let (ports, other, target, of) = match is_green {
        false => (PORTS, GREEN, "blue", "green"),
        true => (GREEN, PORTS, "green", "blue"),
    };
    let neighbours = Neighbours {
        target: Some(target.into()),
        other_targets: vec![(of.into(), other)],
        other_apps: vec![vec![1005]],
        ..Neighbours::default()
    };
    let balancer = Balancer::new(socket.socket(), None, ports, vec![host.parse().unwrap()]);
    let states = recorded(version, "targets-servers_state");
    socket.answer(
        format!(
            "{}{}",
            recorded(version, "targets-info"),
            in_backend(&states)
        )
        .into(),
    );
    balancer.with_neighbours(neighbours)
}

/// The lines of backend srvs. `plain` beside it is another app in mode tcp.
fn in_backend(states: &str) -> String {
    let lines = states.lines().filter(|line| !line.contains(" plain "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_target_finds_its_own_lines() {
    for version in VERSIONS {
        for (is_green, color) in [(false, "blue"), (true, "green")] {
            let socket = FakeSocket::start(Vec::new());
            let mut balancer = balancer(&socket, version, "10.0.0.11", is_green);
            let found = block_on(balancer.find()).unwrap().unwrap();
            let own: Vec<(&str, Role)> = found
                .own
                .iter()
                .map(|own| (own.server.as_str(), own.role))
                .collect();
            let (main, twin) = (format!("web1-{color}"), format!("t1-{color}"));
            assert_eq!(
                own,
                [(&*main, Role::Main), (&*twin, Role::Twin)],
                "{version}"
            );
            let siblings: Vec<&str> = found.siblings.iter().map(|one| &*one.server).collect();
            assert_eq!(siblings.len(), 2, "{siblings:?}");
            assert!(siblings.iter().all(|name| !name.contains(color)));
        }
    }
}

#[test]
fn a_host_in_the_middle_of_a_switch_is_one_server() {
    for version in VERSIONS {
        for (host, is_green, usable, out) in [
            ("10.0.0.11", false, 3, &["web3-blue"][..]),
            ("10.0.0.11", true, 3, &["web3-blue"]),
            ("10.0.0.12", false, 3, &["web3-blue"]),
            // two1, two2, and the hosts 11 and 12.
            ("10.0.0.13", false, 4, &[]),
        ] {
            let socket = FakeSocket::start(Vec::new());
            let mut balancer = balancer(&socket, version, host, is_green);
            block_on(balancer.find()).unwrap().unwrap();
            for level in ["targets-stat", "targets-stat-operator"] {
                socket.answer(recorded(version, level).into());
                let capacity = block_on(balancer.capacities()).unwrap().remove(0);
                let names: Vec<&str> = capacity.out.iter().map(|one| &*one.name).collect();
                let counted = (capacity.usable, names.as_slice(), capacity.servers);
                assert_eq!(counted, (usable, out, 5), "{version} {host} {level}");
                assert_eq!(capacity.claimed, [""; 0], "{version} {host}");
            }
        }
    }
}

/// What decides about one server: at level user HAProxy shows neither cookies nor addresses.
#[test]
fn only_level_operator_shows_cookies() {
    for version in VERSIONS {
        let shows = |name: &str| recorded(version, name).contains("w2-green");
        let address = |name: &str| recorded(version, name).contains("10.0.0.12:1001");
        let seen =
            ["targets-stat", "targets-stat-operator"].map(|name| (shows(name), address(name)));
        assert_eq!(seen, [(false, false), (true, true)], "{version}");
    }
}

/// 20 answers, 4 errors of the app, 3 without an answer, and 2 cut off. HAProxy 3.0 and 3.2 count one without
/// an answer twice. Of two requests that two2 refuses some come here.
#[test]
fn the_counters_of_a_sick_app_stand_beside_those_of_the_others() {
    for (version, without_an_answer) in VERSIONS.into_iter().zip([1, 2, 2]) {
        let socket = FakeSocket::start(Vec::new());
        let mut balancer = balancer(&socket, version, "10.0.0.11", false);
        block_on(balancer.find()).unwrap().unwrap();
        let (info, stat) = (
            recorded(version, "targets-info"),
            recorded(version, "targets-stat"),
        );
        socket.answer(format!("{info}{stat}").into());
        let errors = block_on(balancer.errors_if_due()).unwrap().unwrap();
        assert_eq!(socket.asked(), "show info;show stat 4 4 -1\n");
        assert_eq!((errors.len(), errors[0].backend.as_str()), (1, "srvs"));
        let ours = errors[0].ours;
        let more = ours.tries - 29;
        assert!(more <= 2, "{version}: {ours:?}");
        let expected = ErrorCounts {
            tries: 29 + more,
            requests: 26 + more,
            answers_5xx: 4,
            response_errors: 2 + 3 * without_an_answer,
            ..ErrorCounts::default()
        };
        assert_eq!(ours, expected, "{version}");
        assert_eq!(ours.errors(), 6 + 3 * without_an_answer, "{version}");
        // two2 refused 2 requests at the first try and at the second.
        let others = ErrorCounts {
            tries: 13 - more,
            requests: 9 - more,
            retries: 2,
            redispatches: 2,
            ..ErrorCounts::default()
        };
        assert_eq!(errors[0].others, others, "{version}");
    }
}

/// 40,000 servers are asked for once in 5 s.
#[test]
fn the_counters_of_a_big_backend_are_not_read_at_each_look() {
    let states = recorded("2.6", "targets-servers_state");
    let info = recorded("2.6", "targets-info");
    let web3 = states.lines().find(|line| line.contains(" web3-blue "));
    let more: String = (0..40_000)
        .map(|n| web3.unwrap().replace("web3", &format!("more{n}")) + "\n")
        .collect();
    let socket = FakeSocket::start(Vec::new());
    let mut balancer = balancer(&socket, "2.6", "10.0.0.11", false);
    let states = in_backend(&states);
    socket.answer(format!("{info}{}\n{more}\n", states.trim_end()).into());
    block_on(balancer.find()).unwrap().unwrap();
    socket.answer(format!("{info}{}", recorded("2.6", "targets-stat")).into());
    let mut is_read = || block_on(balancer.errors_if_due()).unwrap().is_some();
    assert_eq!([is_read(), is_read()], [true, false]);
}

/// The other target's counters are neither ours nor those of others.
#[test]
fn the_counters_of_our_other_target_are_left_out() {
    let (info, stat) = (
        recorded("2.6", "targets-info"),
        recorded("2.6", "targets-stat"),
    );
    let socket = FakeSocket::start(Vec::new());
    let mut balancer = balancer(&socket, "2.6", "10.0.0.11", true);
    block_on(balancer.find()).unwrap().unwrap();
    socket.answer(format!("{info}{stat}").into());
    let errors = block_on(balancer.errors_if_due()).unwrap().unwrap();
    assert_eq!(errors[0].ours, ErrorCounts::default());
    assert!(errors[0].others.tries < 20, "{errors:?}");
}

/// Their counters begin at 0: a difference to the ones before would be nonsense.
#[test]
fn the_counters_of_another_worker_are_not_read() {
    let (info, stat) = (
        recorded("2.6", "targets-info"),
        recorded("2.6", "targets-stat"),
    );
    let other = info.replace("\nPid: ", "\nPid: 9");
    let web3 = stat.replace("srvs,web1-blue,", "srvs,web9-blue,");
    for answer in [format!("{other}{stat}"), format!("{info}{web3}")] {
        let socket = FakeSocket::start(Vec::new());
        let mut balancer = balancer(&socket, "2.6", "10.0.0.11", false);
        block_on(balancer.find()).unwrap().unwrap();
        socket.answer(answer.into());
        assert_eq!(block_on(balancer.errors_if_due()), Err(Unseen::Changing));
    }
}

#[test]
fn in_mode_tcp_each_session_is_a_try() {
    for version in VERSIONS {
        let socket = FakeSocket::start(Vec::new());
        let mut plain = Balancer::new(
            socket.socket(),
            None,
            PORTS,
            vec!["10.0.0.11".parse().unwrap()],
        );
        let (info, states) = (
            recorded(version, "targets-info"),
            recorded(version, "targets-servers_state"),
        );
        let states = states.lines().filter(|line| !line.contains(" srvs "));
        let states: String = states.map(|line| format!("{line}\n")).collect();
        socket.answer(format!("{info}{states}").into());
        block_on(plain.find()).unwrap().unwrap();
        socket.answer(format!("{info}{}", recorded(version, "targets-stat-tcp")).into());
        let errors = block_on(plain.errors_if_due()).unwrap().unwrap();
        let ours = errors[0].ours;
        assert_eq!(
            (ours.tries, ours.requests, ours.errors()),
            (5, 5, 0),
            "{version}"
        );
    }
}
