use super::super::Verdict::{self, Error, Ok as Well, Warning};
use super::*;
use crate::gate::Position;
use crate::haproxy::{Address, AppPorts, Examination};
use crate::haproxy::{
    BackendCapacity, CheckStatus, Checked, Found, Level, Listed, ServerStat, Status, Unseen,
    Worker, find,
};

const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
};

fn state(name: &str, address: &str, port: u16, check_port: u16) -> ServerState {
    ServerState {
        backend_id: 3,
        backend: "srvs".into(),
        server_id: 1,
        server: name.into(),
        address: address.parse().ok(),
        port,
        check_port,
    }
}

fn listed(name: &str, backup: bool) -> Listed {
    Listed {
        stat: ServerStat {
            backend: "srvs".into(),
            server: name.into(),
            server_id: 1,
            status: Status::Up,
            in_flight: 0,
            sessions: 0,
            connections: Some(0),
            weight: 1,
            backup,
            proven: true,
            check: None,
            failed_to_the_end: false,
        },
        check: Some(Checked {
            status: CheckStatus::parse("L7OK"),
            rise: 2,
            fall: 2,
        }),
        throttle: None,
        cookie: Some("w1".into()),
    }
}

fn sound() -> Examination {
    of(vec![
        state("web1", "10.0.0.11", 1000, 2000),
        state("bkp1", "10.0.0.11", 1000, 3000),
    ])
}

fn of(servers: Vec<ServerState>) -> Examination {
    let listed = vec![listed("web1", false), listed("bkp1", true)];
    Examination {
        info: Worker {
            version: "2.6.12".into(),
            pid: 7,
            uptime: 5,
            started: 1,
        },
        level: Some(Level::Operator),
        found: find(&servers, PORTS, |_| true)
            .map(|own| Found { own, servers })
            .map_err(Lost::Missing),
        mismatched: Vec::new(),
        listed,
        backends: vec![BackendCapacity {
            backend: "srvs".into(),
            usable: 2,
            claimed: vec![],
            claimed_after_us: Vec::new(),
            unproven: vec![],
        }],
        master: None,
    }
}

fn haproxy() -> Address {
    Address::Tcp("10.0.0.1:9999".into())
}

/// The lines of an app whose gates are not known.
fn lines<'a>(seen: &'a Examination, address: &'a Address) -> Lines<'a> {
    Lines {
        app: "web",
        balancer: "lb",
        address,
        seen,
        ports: PORTS,
        gates: [None, None],
        min_available: 1,
        under_way: false,
    }
}

fn wrong_with(
    seen: &Examination,
    gates: [Option<Position>; 2],
    min_available: usize,
) -> Vec<(&'static str, Verdict)> {
    let haproxy = haproxy();
    let lines = Lines {
        gates,
        min_available,
        ..lines(seen, &haproxy)
    };
    let points = points(&lines)
        .into_iter()
        .filter(|point| point.verdict != Well);
    points.map(|point| (point.check, point.verdict)).collect()
}

fn wrong(seen: &Examination) -> Vec<(&'static str, Verdict)> {
    wrong_with(seen, [Some(Position::Open), Some(Position::Open)], 1)
}

#[test]
fn a_sound_pair_is_ok_in_every_point() {
    assert_eq!(wrong(&sound()), []);
}

#[test]
fn lines_that_could_not_be_asked_for_are_not_missing() {
    let mut seen = sound();
    let said = |seen: &Examination| {
        let point = points(&lines(seen, &haproxy())).remove(0);
        (point.found, point.fix.unwrap())
    };
    let late = Unseen::TimedOut(std::time::Duration::from_secs(2));
    seen.found = Err(Lost::Unseen(late));
    let (found, fix) = said(&seen);
    assert!(
        found.contains("can't be seen: no complete answer"),
        "{found}"
    );
    assert!(fix.contains("`timeout` in [[haproxy]]"), "{fix}");
    let none = find(&[], PORTS, |_| true).unwrap_err();
    seen.found = Err(Lost::Missing(none));
    let (found, fix) = said(&seen);
    assert_eq!(found, "app web: no server line has an address of this host");
    assert!(fix.starts_with("set [agent] addresses"), "{fix}");
}

/// The file's point replaces HAProxy's; an error of only the running HAProxy stays.
#[test]
fn no_check_is_said_twice() {
    let of_lines = || points(&lines(&sound(), &haproxy()));
    let file = |verdict| {
        let point = of_lines()
            .into_iter()
            .find(|point| point.check == "same-cookie")
            .unwrap();
        vec![Point {
            of: "srvs".into(),
            verdict,
            ..point
        }]
    };
    let verdicts = |line: Verdict, of_file| -> Vec<(String, Verdict)> {
        let mut of_lines = of_lines();
        of_lines.iter_mut().for_each(|point| point.verdict = line);
        let (lines, file) = once(of_lines, file(of_file));
        let all = lines.into_iter().chain(file);
        let cookies = all.filter(|point| point.check == "same-cookie");
        cookies.map(|point| (point.of, point.verdict)).collect()
    };
    for (line, of_file, of, verdict) in [
        (Well, Well, "srvs", Well),
        (Verdict::Unseen, Well, "srvs", Well),
        (Error, Error, "srvs", Error),
        (Well, Error, "srvs", Error),
        (Error, Well, "lb srvs", Error),
    ] {
        assert_eq!(verdicts(line, of_file), [(of.to_owned(), verdict)]);
    }
}

#[test]
fn a_line_is_as_its_gate_says_or_not() {
    let of = |status: &str, main: Position| {
        let mut seen = sound();
        seen.listed[0].stat.status = Status::parse(status).unwrap();
        seen.listed[0].stat.proven = false;
        let gates = [Some(main), Some(Position::Open)];
        wrong_with(&seen, gates, 1)
            .first()
            .map(|(check, verdict)| (*check, *verdict))
    };
    assert_eq!(of("DOWN", Position::Closed), None);
    assert_eq!(of("DOWN", Position::Open), Some(("fully-up", Error)));
    assert_eq!(of("UP", Position::Closed), Some(("fully-up", Error)));
    assert_eq!(of("UP 1/2", Position::Open), Some(("fully-up", Warning)));
    assert_eq!(of("MAINT", Position::Open), Some(("fully-up", Warning)));
}

#[test]
fn changes_of_an_operation_are_no_error() {
    let of = |status: &str, main: Option<Position>, under_way: bool| {
        let mut seen = sound();
        seen.listed[0].stat.status = Status::parse(status).unwrap();
        let haproxy = haproxy();
        let lines = Lines {
            gates: [main, Some(Position::Open)],
            under_way,
            ..lines(&seen, &haproxy)
        };
        let up = |point: &Point| point.check == "fully-up" && point.of == "lb srvs/web1";
        let point = points(&lines).into_iter().find(up).unwrap();
        (point.verdict, point.found.contains("its gate is open"))
    };
    let (open, closed) = (Some(Position::Open), Some(Position::Closed));
    assert_eq!(of("DOWN", open.clone(), false), (Error, true));
    assert_eq!(of("DOWN", open.clone(), true), (Warning, false));
    assert_eq!(of("UP", closed.clone(), false), (Error, false));
    assert_eq!(of("UP", closed.clone(), true), (Warning, false));
    assert_eq!(of("DOWN", closed, true), (Well, false));
    assert_eq!(of("UP", open, true), (Well, false));
    let broken = Some(Position::Broken("2 rules".into()));
    assert_eq!(of("DOWN", broken, false), (Error, false));
    assert_eq!(of("DOWN", None, false), (Error, false));
}

/// The fix can be pasted: it has the twin's own name, and leaves unknown settings out.
#[test]
fn the_fix_of_a_twin_is_its_line() {
    let mut seen = of(vec![
        state("web1", "10.0.0.11", 1000, 2000),
        state("bkp1", "10.0.0.12", 1000, 3000),
    ]);
    let fix = |seen: &Examination| {
        let mut wrong = points(&lines(seen, &haproxy())).into_iter();
        let wrong = wrong
            .find(|point| ["same-address", "twin"].contains(&point.check) && point.verdict != Well);
        wrong.and_then(|point| point.fix).unwrap()
    };
    let line = "server bkp1 10.0.0.11:1000 cookie w1 check port 3000 backup";
    assert_eq!(fix(&seen), line);
    seen.level = Some(Level::User);
    seen.listed.iter_mut().for_each(|line| line.cookie = None);
    assert_eq!(
        fix(&seen),
        "with `cookie` as on the line of web1: server bkp1 10.0.0.11:1000 check port 3000 backup"
    );
    let alone = of(vec![state("web1", "2001:db8::1", 1000, 2000)]);
    let line = "server web1-twin [2001:db8::1]:1000 cookie w1 check port 3000 backup";
    assert_eq!(fix(&alone), line);
}
