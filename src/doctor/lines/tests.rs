use super::super::Verdict::{self, Error, Ok as Well, Unseen as NotSeen, Warning};
use super::line::{Backend, Line};
use super::*;
use crate::app::HealthCheck;
use crate::gate::Destination;
use crate::gate::Position::{self, Broken, Closed, Open};
use crate::haproxy::{
    Address, AppPorts, BackendCapacity, CheckStatus, Checked, Examination, Floor, Found, Level,
    Listed, Mode, ServerStat, ServerState, Status, Unseen, Worker, find,
};
use crate::restart::PerGate;

const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
    health_port: None,
};

fn state(server: &str, address: &str, port: u16, check_port: u16) -> ServerState {
    ServerState {
        backend_id: 3,
        backend: "srvs".into(),
        server_id: 1,
        server: server.into(),
        address: address.parse().ok(),
        port,
        check_port,
        check_address: None,
        fqdn: None,
    }
}

/// A line as HAProxy lists it: a twin with `bkp` in its name.
fn listed(name: &str, cookie: &str) -> Listed {
    Listed {
        stat: ServerStat {
            backend: "srvs".into(),
            server: name.into(),
            server_id: 1,
            status: Status::Up,
            in_flight: 0,
            mode: Mode::Http,
            sessions: 0,
            connections: Some(0),
            weight: 1,
            backup: name.starts_with("bkp"),
            proven: true,
            check: None,
            failed_to_the_end: false,
            lasts: None,
        },
        check: Some(Checked {
            status: CheckStatus::parse("L7OK"),
            rise: 2,
            fall: 2,
        }),
        throttle: None,
        cookie: Some(cookie.into()),
    }
}

fn sound() -> Examination {
    of(vec![main(), twin()])
}

fn main() -> ServerState {
    state("web1", "10.0.0.11", 1000, 2000)
}

fn twin() -> ServerState {
    state("bkp1", "10.0.0.11", 1000, 3000)
}

/// A host with a line by IPv4 and one by IPv6, each with its twin.
fn dual() -> Examination {
    of(vec![
        main(),
        state("web1six", "fd00::11", 1000, 2000),
        state("bkp1six", "fd00::11", 1000, 3000),
        twin(),
    ])
}

fn of(servers: Vec<ServerState>) -> Examination {
    let cookie = |name: &str| if name.ends_with("six") { "w1s" } else { "w1" };
    let listed = servers
        .iter()
        .map(|one| listed(&one.server, cookie(&one.server)));
    Examination {
        info: Worker {
            version: "2.6.12".into(),
            pid: 7,
            uptime: 5,
            started: 1,
        },
        level: Some(Level::Operator),
        listed: listed.collect(),
        found: find(&servers, PORTS, |_| true)
            .map(|own| Found {
                own,
                servers,
                ..Found::default()
            })
            .map_err(Lost::Missing),
        mismatched: Vec::new(),
        elsewhere: Vec::new(),
        backends: vec![BackendCapacity {
            backend: "srvs".into(),
            usable: 2,
            claimed: vec![],
            ..BackendCapacity::default()
        }],
        master: None,
    }
}

/// All points, with the main gate in this position and the twin's gate open.
fn judged(seen: &Examination, main: Option<Position>, under_way: bool) -> Vec<Point> {
    let gates = main.map(|main| PerGate {
        main,
        twin: Some(Open),
    });
    points(&Lines {
        gates: gates.as_ref(),
        under_way,
        ..lines(seen, &Address::Tcp("10.0.0.1:9999".into()))
    })
}

fn lines<'a>(seen: &'a Examination, address: &'a Address) -> Lines<'a> {
    Lines {
        app: "web",
        label: "web".into(),
        is_idle: false,
        balancer: "lb",
        address,
        seen,
        ports: PORTS,
        to: Destination::Port(PORTS.port),
        check: &HealthCheck::Tcp,
        gates: None,
        min_available: Floor::Servers(1),
        under_way: false,
        file: &[],
    }
}

fn wrong(seen: &Examination) -> Vec<(&'static str, Verdict)> {
    let points = judged(seen, Some(Open), false).into_iter();
    let wrong = points.filter(|point| point.verdict != Well);
    wrong.map(|point| (point.check, point.verdict)).collect()
}

#[test]
fn lines_that_could_not_be_asked_for_are_not_missing() {
    let late = Unseen::TimedOut(std::time::Duration::from_secs(2));
    let none = find(&[], PORTS, |_| true).unwrap_err();
    let other = find(&[state("web1", "10.0.0.11", 1000, 2009)], PORTS, |_| true).unwrap_err();
    for (lost, found, fix) in [
        (
            Lost::Unseen(late),
            "its lines can't be seen: no complete answer",
            "let this host",
        ),
        (
            Lost::Missing(none),
            "no server line has an address of this host",
            "set [agent] addresses",
        ),
        (
            Lost::Missing(other),
            "web1 checks port 2009",
            "set `status_port`",
        ),
    ] {
        let seen = Examination {
            found: Err(lost),
            ..sound()
        };
        let points = judged(&seen, None, false);
        assert_eq!((points.len(), points[0].verdict), (1, Error));
        assert!(points[0].found.contains(found), "{points:?}");
        assert!(
            points[0].fix.as_ref().unwrap().starts_with(fix),
            "{points:?}"
        );
    }
}

/// One fault is one point, and nothing else is wrong.
#[test]
#[rustfmt::skip]
fn each_fault_has_its_point() {
    let with = |change: fn(&mut Examination)| {
        let mut seen = sound();
        change(&mut seen);
        seen
    };
    let checked_at = |address: &str| {
        let mut seen = sound();
        seen.found.as_mut().unwrap().servers[0].check_address = address.parse().ok();
        seen.elsewhere = "10.0.0.99".parse().into_iter().collect();
        seen
    };
    // The twin sends its users to another app.
    let mut other = sound();
    let found = other.found.as_mut().unwrap();
    found.own.pop();
    found.servers[1].port = 1009;
    other.mismatched = vec![found.servers[1].clone()];
    for (seen, expected) in [
        (sound(), &[][..]),
        (dual(), &[]),
        (of(vec![main()]), &[("twin", Warning)]),
        (of(vec![main(), state("bkp1", "10.0.0.11", 1000, 0)]), &[("check-port", Warning)]),
        (of(vec![main(), state("bkp1", "10.0.0.12", 1000, 3000)]), &[("same-address", Error)]),
        (of(vec![twin(), main()]), &[("twin-order", Error)]),
        (other, &[("same-port", Error)]),
        (with(|seen| seen.listed[1].cookie = Some("w2".into())), &[("same-cookie", Error)]),
        (with(|seen| seen.listed[1].cookie = None), &[("same-cookie", Error)]),
        (with(|seen| seen.level = Some(Level::User)), &[("same-cookie", NotSeen)]),
        (with(|seen| seen.listed[0].stat.backup = true), &[("backup", Error)]),
        (with(|seen| seen.listed[1].stat.backup = false), &[("backup", Error)]),
        (with(|seen| seen.listed[0].stat.status = Status::NoCheck), &[("checks", Error)]),
        (with(|seen| seen.listed[1].check.as_mut().unwrap().fall = 1), &[("fall", Warning)]),
        (with(|seen| (seen.listed[0].throttle, seen.listed[0].stat.proven) = (Some(40), false)),
            &[("fully-up", Warning), ("slow-start", Warning)]),
        (with(|seen| {
            seen.listed[0].stat.status = Status::Up.with_weight(0);
            seen.listed[0].stat.proven = false;
        }), &[("fully-up", Warning)]),
        (with(|seen| seen.listed[1].stat.status = Status::Up.with_weight(0)), &[]),
        (with(|seen| seen.backends[0].usable = 0), &[("others", Error)]),
        (checked_at("10.0.0.99"), &[("check-port", Error)]),
        // The host may have several addresses, and a gate on each.
        (checked_at("fd00::11"), &[]),
    ] {
        assert_eq!(wrong(&seen), expected);
    }
}

#[test]
fn each_main_line_is_judged_with_its_own_twin() {
    let without = |name: &str| {
        let mut seen = dual();
        let found = seen.found.as_mut().unwrap();
        found.own.retain(|own| own.server != name);
        found.servers.retain(|server| server.server != name);
        seen
    };
    let mut other = dual();
    other.listed[2].cookie = Some("w9".into());
    for (seen, found) in [
        (without("bkp1six"), "no twin: web1six"),
        (without("web1six"), "no main line: bkp1six"),
        (other, "bkp1six has cookie w9, web1six has w1s"),
    ] {
        let points = judged(&seen, Some(Open), false).into_iter();
        let wrong = points.filter(|point| point.verdict != Well);
        assert_eq!(wrong.map(|point| point.found).collect::<Vec<_>>(), [found]);
    }
}

/// A line alone is the single layout. The configuration, another twin or a cookie shows that it is not.
/// A hot spare beside the lines of other hosts, and a main line that lost its place.
#[test]
fn only_a_line_of_a_host_of_its_own_may_be_a_spare() {
    let line = |name: &str, at: usize, host: &str, is_main: bool| Line {
        name: name.into(),
        at,
        is_main,
        host: Some(host.into()),
        backup: name != "web1",
        ..Line::default()
    };
    for (lines, verdict) in [
        (
            vec![
                line("web1", 0, "10.0.0.11", true),
                line("spare", 1, "10.0.0.12", true),
            ],
            Well,
        ),
        (vec![line("spare", 0, "10.0.0.12", true)], Error),
        (
            vec![
                line("web2", 0, "10.0.0.12", true),
                line("web3", 1, "10.0.0.13", true),
            ],
            Error,
        ),
        (
            vec![
                line("web1", 0, "10.0.0.11", true),
                line("web2", 1, "10.0.0.12", true),
                line("bkp2", 2, "10.0.0.12", false),
            ],
            Error,
        ),
    ] {
        let backend = Backend {
            of: "srvs".into(),
            lines,
            ports: PORTS,
            hides_cookies: false,
            derives_cookies: false,
        };
        let points = super::judge(&backend);
        let worst = points
            .iter()
            .filter(|point| point.check == "backup")
            .map(|point| point.verdict);
        assert_eq!(worst.max(), Some(verdict), "{points:?}");
    }
}

#[test]
#[rustfmt::skip]
fn only_sticky_users_need_a_twin() {
    let line = |cookie: Option<&str>| Line {
        name: "web1".into(),
        is_main: true,
        written: ("10.0.0.11:1000".into(), cookie.map(str::to_owned)),
        ..Line::default()
    };
    let plain = Backend {
        of: "srvs".into(),
        lines: vec![line(None)],
        ports: AppPorts { backup_status_port: None, ..PORTS },
        hides_cookies: false,
        derives_cookies: false,
    };
    let with = |change: fn(&mut Backend)| {
        let mut backend = plain.clone();
        change(&mut backend);
        backend
    };
    for (backend, verdict) in [
        (plain.clone(), Well),
        (with(|backend| backend.hides_cookies = true), NotSeen),
        (with(|backend| backend.derives_cookies = true), Warning),
        (with(|backend| backend.ports = PORTS), Well),
        (with(|backend| (backend.ports, backend.hides_cookies) = (PORTS, true)), Warning),
        (with(|backend| backend.lines[0].written.1 = Some("w1".into())), Warning),
        (with(|backend| backend.lines.push(Line { name: "bkp".into(), ..Line::default() })), Well),
        (with(|backend| {
            let twin = Line { name: "bkp".into(), ..Line::default() };
            backend.lines.extend([twin, Line { name: "web2".into(), ..backend.lines[0].clone() }]);
        }), Warning),
    ] {
        let points = super::judge(&backend);
        let twin: Vec<_> = points.iter().filter(|point| point.check == "twin").collect();
        assert_eq!(twin.iter().map(|point| point.verdict).collect::<Vec<_>>(), [verdict], "{twin:?}");
    }
}

/// No pair, no setting that is the same on both.
#[test]
fn what_no_line_shows_is_not_ok() {
    let points = judged(&of(vec![main()]), Some(Open), false);
    let pairs = ["same-address", "same-cookie", "twin-order"];
    assert!(
        !points.iter().any(|point| pairs.contains(&point.check)),
        "{points:?}"
    );
}

/// HAProxy's answer counts, unless the file shows a fault, or a cookie that HAProxy hides.
#[test]
#[rustfmt::skip]
fn no_check_is_printed_twice() {
    for (line, file, of, verdict) in [
        (Well, Well, "lb srvs", Well),
        (Verdict::Unseen, Well, "srvs", Well),
        (Error, Error, "srvs", Error),
        (Well, Error, "srvs", Error),
        (Error, Well, "lb srvs", Error),
        (Well, Verdict::Unseen, "lb srvs", Well),
        (Error, Warning, "lb srvs", Error),
    ] {
        let points = judged(&sound(), None, false).into_iter();
        let points = points.map(|point| Point { verdict: line, ..point });
        let lines: Vec<Point> = points.filter(|point| point.check == "same-cookie").collect();
        let of_file = Point { of: "srvs".into(), verdict: file, ..lines[0].clone() };
        let (lines, file) = once(lines, vec![of_file]);
        let all: Vec<_> = lines.iter().chain(&file).map(|point| (&*point.of, point.verdict)).collect();
        assert_eq!(all, [(of, verdict)]);
    }
}

/// What an operation changes is no error while it is under way.
#[test]
#[rustfmt::skip]
fn a_line_is_as_its_gate_is_or_not() {
    let broken = || Some(Broken("2 rules".into()));
    for (status, main, under_way, verdict, says) in [
        ("DOWN", Some(Closed), false, Well, "as its gate is closed"),
        ("DOWN", Some(Open), false, Error, "although its gate is open"),
        ("DOWN", Some(Open), true, Warning, "an operation is under way"),
        ("UP", Some(Closed), false, Error, "although its gate is closed"),
        ("UP", Some(Closed), true, Warning, "an operation is under way"),
        ("UP", Some(Open), true, Well, "is UP"),
        ("UP 1/2", Some(Open), false, Warning, "not yet fully proven"),
        ("MAINT", Some(Open), false, Warning, "an operator holds it out"),
        ("MAINT (resolution)", Some(Open), false, Warning, "HAProxy finds no address for its name"),
        ("DRAIN (agent)", Some(Open), false, Warning, "its agent-check asks for that"),
        ("DOWN", broken(), false, Error, "is DOWN (L7OK)"),
        ("DOWN", None, false, Error, "is DOWN (L7OK)"),
    ] {
        let mut seen = sound();
        seen.listed[0].stat.status = Status::parse(status).unwrap();
        let is_it = |point: &Point| point.check == "fully-up" && point.of == "lb srvs/web1";
        let point = judged(&seen, main.clone(), under_way).into_iter().find(is_it).unwrap();
        assert!(point.verdict == verdict && point.found.contains(says), "{status} {main:?} {point:?}");
        let open = main == Some(Open) && status == "DOWN" && !under_way;
        assert_eq!(point.found.contains("its gate is open"), open);
    }
}

/// An operator corrects all lines at once.
#[test]
#[rustfmt::skip]
fn lines_with_the_same_fault_are_one_point() {
    let line = |number: u16, checked: u16, port: u16| Line {
        name: format!("web{number}"),
        is_main: true,
        at: number.into(),
        checked: Some(checked),
        port: Some(port),
        ..Line::default()
    };
    let point = |check: &str, lines: Vec<Line>| {
        let ports = AppPorts { backup_status_port: None, ..PORTS };
        let backend = Backend { of: "srvs".into(), lines, ports, hides_cookies: false, derives_cookies: false };
        let all = judge::judge(&backend).into_iter().filter(|point| point.check == check);
        all.map(|point| (point.found, point.fix.unwrap_or_default().to_string())).collect::<Vec<_>>()
    };
    let of = |found: &str, fix: &str| (found.to_owned(), fix.to_owned());
    let all = point("check-port", vec![line(1, 1000, 1000), line(2, 1000, 1000)]);
    assert_eq!(all, [of("web1, web2 check the app itself", "on each of these lines, or in default-server: port 2000")]);
    let some = point("check-port", vec![line(1, 1000, 1000), line(2, 2000, 1000), line(3, 1000, 1000), line(4, 7, 1000)]);
    assert_eq!(some, [
        of("web1, web3 check the app itself", "on each of these lines: port 2000"),
        of("web4 checks port 7", "on the line of web4: port 2000"),
    ]);
    let ports = point("same-port", vec![line(1, 2000, 1009), line(2, 2000, 1000), line(3, 2000, 1009)]);
    assert_eq!(ports, [of(
        "web1, web3 send their users to port 1009, the app has port 1000",
        "on each of these lines: `:1000` in place of `:1009`",
    )]);
    let several = |check, line: &dyn Fn(u16) -> Line| point(check, (1..=8).map(line).collect()).pop().unwrap();
    assert_eq!(several("check-port", &|number| line(number, number, 1000)), of(
        "web6, web7, web8: their checks do not go to their gates, either",
        "on each of these lines: port 2000",
    ));
    assert_eq!(several("same-port", &|number| line(number, 2000, number)), of(
        "web6, web7, web8: their users do not go to port 1000, either",
        "on each of these lines: `ADDRESS:1000` as its address",
    ));
    let many = point("check-port", (1..=22).map(|number| line(number, 1000, 1000)).collect());
    assert!(many[0].0.contains("web20 and 2 more check the app itself"), "{many:?}");
}

/// The firewall and curl see what the gate redirects to.
#[test]
#[rustfmt::skip]
fn the_fix_of_a_line_that_is_down_names_the_destination_of_its_gate() {
    let port = Destination::Port(9200);
    let of = |address: &str| Destination::Address(address.parse().unwrap());
    let http = |path: &str, host: Option<&str>| HealthCheck::Http {
        path: path.into(), status: None, host: host.map(str::to_owned), tls: None, proxy: None,
    };
    let (named, http) = (http("/a?x=1&y=2", Some("shop.example")), http("/ready", None));
    for (to, check, word, ends) in [
        (port, &HealthCheck::Tcp, "L4TOUT", "here: iptables -I INPUT -p tcp --dport 9200 -j ACCEPT"),
        (of("10.9.9.9:9200"), &HealthCheck::Tcp, "L4TOUT", "iptables -I FORWARD -d 10.9.9.9 -p tcp --dport 9200 -j ACCEPT"),
        (of("[fd00::9]:9200"), &HealthCheck::Tcp, "L4TOUT", "ip6tables -I FORWARD -d fd00::9 -p tcp --dport 9200 -j ACCEPT"),
        (port, &HealthCheck::Tcp, "L7STS", "curl -i http://ADDRESS:9200/"),
        (port, &http, "L7STS", "curl -i http://ADDRESS:9200/ready"),
        (of("[fd00::9]:9200"), &http, "L7STS", "curl -i 'http://[fd00::9]:9200/ready'"),
        (port, &named, "L7STS", "curl -i -H 'Host: shop.example' 'http://ADDRESS:9200/a?x=1&y=2'"),
    ] {
        let mut seen = sound();
        seen.listed[0].stat.status = Status::parse("DOWN").unwrap();
        seen.listed[0].check.as_mut().unwrap().status = CheckStatus::parse(word);
        let address = Address::Tcp("10.0.0.1:9999".into());
        let lines = Lines { to, check, gates: None, ..lines(&seen, &address) };
        let fix = points(&lines).into_iter().find(|point| point.check == "fully-up").unwrap().fix.unwrap();
        assert!(fix.ends_with(ends), "{fix}");
    }
}

/// The fix can be pasted: it has the twin's own name, and leaves unknown settings out.
#[test]
fn the_fix_of_a_twin_is_its_line() {
    let mut seen = of(vec![main(), state("bkp1", "10.0.0.12", 1000, 3000)]);
    let fix = |seen: &Examination| {
        let wrong = ["same-address", "twin"];
        let mut points = judged(seen, None, false).into_iter();
        points
            .find_map(|point| point.fix.filter(|_| wrong.contains(&point.check)))
            .unwrap()
    };
    let line = "server bkp1 10.0.0.11:1000 cookie w1 check port 3000 backup";
    assert_eq!(fix(&seen), line);
    seen.level = Some(Level::User);
    seen.listed.iter_mut().for_each(|line| line.cookie = None);
    let line =
        "with `cookie` as on the line of web1: server bkp1 10.0.0.11:1000 check port 3000 backup";
    assert_eq!(fix(&seen), line);
    let alone = of(vec![state("web1", "2001:db8::1", 1000, 2000)]);
    let line = "server web1-twin [2001:db8::1]:1000 cookie w1 check port 3000 backup";
    assert_eq!(fix(&alone), line);
}

/// An operation waits for the UP of a twin of weight 0, so doctor does not say that it does not.
#[test]
fn a_twin_of_weight_0_is_not_held() {
    let mut seen = sound();
    for listed in &mut seen.listed {
        listed.stat.status = Status::UpUnproven("UP 1/2".into()).with_weight(0);
        listed.stat.proven = false;
    }
    let points = judged(&seen, Some(Open), false).into_iter();
    let up = points.filter(|point| point.check == "fully-up");
    let is_waited_for = |point: Point| !point.found.contains("the agent does not wait for its UP");
    assert_eq!(up.map(is_waited_for).collect::<Vec<_>>(), [false, true]);
}
