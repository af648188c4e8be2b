//! Ring 3: recorded answers of real HAProxies of each supported version
//! (`tests/haproxy_answers/record`), and sockets that misbehave.

mod fake_socket;
mod targets;

use haproxy_gate::haproxy::{
    Address, AppPorts, Balancer, Names, Role, ServerStat, ServerState, Socket, Status, Unseen,
    Worker,
};
use lab::block_on;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use fake_socket::FakeSocket;

const VERSIONS: [&str; 3] = ["2.6", "3.0", "3.2"];
const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
    health_port: None,
};

fn recorded(version: &str, name: &str) -> String {
    let path = format!(
        "{}/tests/haproxy_answers/{version}/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_answers_of_every_version_are_understood() {
    for version in VERSIONS {
        let info = Worker::parse(recorded(version, "info").trim_end()).unwrap();
        assert!(info.version.starts_with(version), "{info:?}");
        let servers = ServerState::parse(recorded(version, "servers_state").trim_end()).unwrap();
        assert_eq!(servers.len(), 8, "{version}: {servers:?}");
        let web1 = servers
            .iter()
            .find(|server| server.server == "web1")
            .unwrap();
        assert_eq!((web1.port, web1.check_port), (1000, 2000), "{version}");
        let stats = ServerStat::parse(recorded(version, "stat").trim_end(), "show stat").unwrap();
        let status = |name: &str| {
            stats
                .iter()
                .find(|stat| stat.server == name)
                .unwrap()
                .status
                .clone()
        };
        assert_eq!(status("web1"), Status::Up, "{version}");
        assert!(matches!(status("web2"), Status::Down(_)), "{version}");
        assert_eq!(status("maint"), Status::Maint("MAINT".into()), "{version}");
        assert_eq!(status("drain"), Status::Drain("DRAIN".into()), "{version}");
        assert_eq!(status("nocheck"), Status::NoCheck, "{version}");
        assert_eq!(status("slow"), Status::Up, "{version}");
        let proven = |name: &str| {
            stats
                .iter()
                .find(|stat| stat.server == name)
                .unwrap()
                .proven
        };
        assert!(
            proven("web1") && !proven("web2") && !proven("maint"),
            "{version}"
        );
        assert!(!proven("slow"), "{version}: slow start is not over");
        assert!(
            stats
                .iter()
                .find(|stat| stat.server == "bkp1")
                .unwrap()
                .backup,
            "{version}"
        );
    }
}

/// Each prefix of a real answer is "could not see", never a smaller number of servers.
#[test]
fn a_cut_answer_is_never_taken_for_a_whole_one() {
    for version in VERSIONS {
        let whole = format!("{}\n", recorded(version, "stat").trim_end());
        let servers = ServerStat::parse(whole.trim_end(), "show stat")
            .unwrap()
            .len();
        let socket = FakeSocket::start(Vec::new());
        let mut cut = 0;
        for at in (0..whole.len()).step_by(97) {
            socket.answer(whole.as_bytes()[..at].to_vec());
            let asked = socket.ask("show stat 3 4 -1");
            assert!(
                asked.is_err(),
                "{version}: {at} of {} bytes: {asked:?}",
                whole.len()
            );
            cut += 1;
        }
        assert!(
            cut > 20 && servers == 8,
            "{version}: {cut} cuts, {servers} servers"
        );
    }
}

#[test]
fn our_lines_are_found_in_real_answers_and_polled_alone() {
    for version in VERSIONS {
        let (info, states) = (
            recorded(version, "info"),
            recorded(version, "servers_state"),
        );
        let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
        let mut balancer = socket.balancer();
        let own = block_on(balancer.find()).unwrap().unwrap().own.clone();
        let roles: Vec<(&str, Role)> = own
            .iter()
            .map(|own| (own.server.as_str(), own.role))
            .collect();
        assert_eq!(
            roles,
            [("web1", Role::Main), ("bkp1", Role::Twin)],
            "{version}"
        );
        let rows = format!("{info}{}{}", row(version, "web1"), row(version, "bkp1"));
        socket.answer(rows.into_bytes());
        let lines = block_on(balancer.poll()).unwrap();
        assert!(
            lines[0].1.proven && lines[1].1.backup,
            "{version}: {lines:?}"
        );
        let asked = socket.asked();
        assert_eq!(
            asked, "show info;show stat 3 4 1;show stat 3 4 2\n",
            "{version}"
        );
    }
}

#[test]
fn lines_are_found_by_name_behind_the_addresses_of_a_proxy() {
    let (info, states) = (recorded("2.6", "info"), recorded("2.6", "servers_state"));
    let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
    let find = |main: &str| {
        let names = Names {
            backend: "srvs".into(),
            main: main.into(),
            backup: Some("bkp2".into()),
        };
        let mut balancer = Balancer::new(socket.socket(), Some(names), PORTS, Vec::new());
        block_on(balancer.find())
            .unwrap()
            .map(|found| found.own.clone())
    };
    let own = find("web2").unwrap();
    let roles: Vec<(&str, Role)> = own
        .iter()
        .map(|own| (own.server.as_str(), own.role))
        .collect();
    assert_eq!(roles, [("web2", Role::Main), ("bkp2", Role::Twin)]);
    assert_eq!(own[0].address, None, "the address is a proxy's");
    assert_eq!(
        find("web9").unwrap_err().to_string(),
        "no server srvs/web9: fix `backend`, `main` or `backup`"
    );
}

/// The answer to `show stat` for one server.
fn row(version: &str, server: &str) -> String {
    let stat = recorded(version, "stat");
    let mut lines = stat.lines();
    let header = lines.next().unwrap();
    let line = lines
        .find(|line| line.starts_with(&format!("srvs,{server},")))
        .unwrap();
    format!("{header}\n{line}\n\n")
}

#[test]
fn a_row_of_another_server_or_worker_is_never_ours() {
    let (info, states) = (recorded("2.6", "info"), recorded("2.6", "servers_state"));
    let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
    let mut balancer = socket.balancer();
    block_on(balancer.find()).unwrap().unwrap();
    socket.answer(format!("{info}{}{}", row("2.6", "web2"), row("2.6", "bkp1")).into_bytes());
    assert!(matches!(
        block_on(balancer.poll()),
        Err(Unseen::Strange { .. })
    ));
    // With another pid the agent searches for our lines again, and does not find them here.
    let other = info.replace("\nPid: ", "\nPid: 9");
    socket.answer(format!("{other}{}{}", row("2.6", "web1"), row("2.6", "bkp1")).into_bytes());
    assert!(block_on(balancer.poll()).is_err());
    assert!(balancer.own().is_empty());
}

/// An operation that could not see the lines of a new worker still learns that there is one.
#[test]
fn a_reload_is_reported_once_by_the_first_look_that_shows_our_lines() {
    let (info, states) = (recorded("2.6", "info"), recorded("2.6", "servers_state"));
    let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
    let mut balancer = socket.balancer();
    block_on(balancer.find()).unwrap().unwrap();
    let rows = format!("{}{}", row("2.6", "web1"), row("2.6", "bkp1"));
    let other = info.replace("\nPid: ", "\nPid: 9");
    let mut look = |answer: String| {
        socket.answer(answer.into_bytes());
        let is_seen = block_on(balancer.poll()).is_ok();
        (is_seen, balancer.was_reloaded())
    };
    assert_eq!(look(format!("{info}{rows}")), (true, false));
    // Another worker: its ids are not known yet, and then its rows are missing.
    assert_eq!(look(format!("{other}{rows}")), (false, false));
    assert_eq!(look(format!("{other}{states}")), (false, false));
    assert_eq!(look(format!("{other}{rows}")), (true, true));
    assert_eq!(look(format!("{other}{rows}")), (true, false));
}

/// A backend without any of our lines belongs to another worker. It does not mean that no other
/// server is UP.
#[test]
fn a_backend_without_our_lines_is_not_counted() {
    let (info, states) = (recorded("2.6", "info"), recorded("2.6", "servers_state"));
    let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
    let mut balancer = socket.balancer();
    block_on(balancer.find()).unwrap().unwrap();
    let stat = recorded("2.6", "stat");
    socket.answer(stat.clone().into_bytes());
    assert_eq!(block_on(balancer.capacities()).unwrap().len(), 1);
    for other in [stat.replace("srvs,", "api,"), row("2.6", "web2")] {
        socket.answer(other.into_bytes());
        assert_eq!(block_on(balancer.capacities()), Err(Unseen::Changing));
    }
}

/// While our lines go DOWN, each look counts a small backend, and only some looks count a big one.
#[test]
fn a_big_backend_is_not_counted_at_each_look() {
    let (info, states) = (recorded("2.6", "info"), recorded("2.6", "servers_state"));
    let web2 = states.lines().find(|line| line.contains(" web2 ")).unwrap();
    let more: String = (0..40_000)
        .map(|n| web2.replace("web2", &format!("more{n}")) + "\n")
        .collect();
    let big = format!("{}\n{more}\n", states.trim_end());
    for (states, counted) in [(states, true), (big, false)] {
        let socket = FakeSocket::start(format!("{info}{states}").into_bytes());
        let mut balancer = socket.balancer();
        block_on(balancer.find()).unwrap().unwrap();
        socket.answer(recorded("2.6", "stat").into_bytes());
        assert!(block_on(balancer.capacities_if_due()).unwrap().is_some());
        std::thread::sleep(Duration::from_millis(10));
        let again = block_on(balancer.capacities_if_due()).unwrap();
        assert_eq!(again.is_some(), counted);
    }
}

#[test]
fn a_misbehaving_socket_is_reported_in_time() {
    let socket = FakeSocket::start(b"Permission denied\n\n".to_vec());
    assert_eq!(
        socket.ask("show info"),
        Err(Unseen::Denied("show info".into()))
    );
    for garbage in [
        &b""[..],
        b"\0\0\xff\n\n",
        b"Unknown command: 'show'\n\n",
        b"a\n\nb\n\nc\n\n",
    ] {
        socket.answer(garbage.to_vec());
        let read = socket.ask("show info");
        let read = read.and_then(|answers| Worker::parse(&answers[0]));
        assert!(read.is_err(), "{garbage:?}");
    }
    let missing = Socket {
        address: Address::Unix("/nonexistent.sock".into()),
        timeout: Duration::from_secs(1),
    };
    let error = block_on(missing.ask(&["show info".to_owned()]))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("can't connect: No such file"), "{error}");
}

#[test]
fn a_socket_that_hangs_times_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hangs.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let socket = Socket {
        address: Address::Unix(path),
        timeout: Duration::from_millis(300),
    };
    let before = Instant::now();
    let error = block_on(socket.ask(&["show info".to_owned()])).unwrap_err();
    assert_eq!(error, Unseen::TimedOut(Duration::from_millis(300)));
    assert!(before.elapsed() < Duration::from_secs(5));
}
