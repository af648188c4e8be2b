//! Checks one balancer: whether it answers, its version, and what else its socket permits.

use super::Point;
use super::check::{Check, about, checks};
use super::fix::Fix;
use crate::haproxy::{Address, Examination, Level, Unseen, version};
use std::io::ErrorKind;
use std::net::IpAddr;

checks! {
    REACHABLE "balancer":
        "a restart needs the answer of every balancer: HAProxy shows whether the host is out of rotation, drained \
         and back";
    VERSION "haproxy-version":
        "the agent is tested with HAProxy 2.6 to 3.2, and reads columns that came with 2.4";
    LEVEL "socket-level":
        "over TCP there is no password: at level admin any host that reaches the socket may take any server out \
         or send its users elsewhere (`set server`); the agent only reads";
    MASTER "master-socket":
        "a drain waits for what the workers of before a reload still carry, and the master shows them";
}

/// The place of a stats socket.
const GLOBAL: &str = "in HAProxy's `global`";

/// The tested versions.
const TRIED: std::ops::RangeInclusive<(u32, u32)> = (2, 6)..=(3, 2);

/// The facts about a balancer.
#[derive(Debug, Clone)]
pub(crate) struct Balancer {
    /// Its name in messages: the address of its socket.
    pub name: String,
    pub address: Address,
    pub seen: Result<Examination, Unseen>,
}

pub(super) fn points(balancer: &Balancer) -> Vec<Point> {
    let points = match &balancer.seen {
        Err(why) => vec![REACHABLE.error(why.to_string(), fix(&balancer.address, why))],
        Ok(seen) => answered(balancer, seen),
    };
    about(&balancer.name, points)
}

fn answered(balancer: &Balancer, seen: &Examination) -> Vec<Point> {
    let (version, pid) = (&seen.info.version, seen.info.pid);
    let mut points = vec![
        REACHABLE.ok(format!("answers: HAProxy {version}, pid {pid}")),
        tested(version),
        level(&balancer.address, seen.level),
    ];
    points.extend(seen.master.as_ref().map(|master| match master {
        Ok(()) => MASTER.ok("its master shows leaving workers"),
        Err(why) => MASTER.error(
            why.to_string(),
            "start it with a master CLI (haproxy -W -S ADDRESS), with that address as `master` in [[haproxy]]",
        ),
    }));
    points
}

/// The fix for a balancer that does not answer.
pub(super) fn fix(address: &Address, why: &Unseen) -> Fix {
    let (unix, listener) = match address {
        Address::Unix(path) => (
            true,
            format!("stats socket {} mode 660 level user", path.display()),
        ),
        Address::Tcp(at) => (false, listener(address, at)),
    };
    let kind = match why {
        Unseen::Connect { kind, .. } => *kind,
        Unseen::TimedOut(_) => {
            return "let this host through to the socket; or too many ask it at once (`stats maxconn`), or `timeout` in \
                    [[haproxy]] is too short"
                .into();
        }
        Unseen::TooOld(_) => return UPGRADE.into(),
        Unseen::Denied(_) => return Fix::paste(GLOBAL, listener),
        _ => return Fix::paste("is it HAProxy's stats socket? In its `global`", listener),
    };
    let correct = "correct `socket` in [[haproxy]]";
    match (kind, unix) {
        (ErrorKind::NotFound, true) => Fix::paste(format!("{correct}, or {GLOBAL}"), listener),
        (ErrorKind::ConnectionRefused, true) => Fix::paste(
            "no process listens on the socket",
            "systemctl start haproxy",
        ),
        (ErrorKind::ConnectionRefused, false) => {
            Fix::paste("start HAProxy, or in its `global`", listener).and(format!("or {correct}"))
        }
        (ErrorKind::PermissionDenied, _) => {
            "run the agent as root, or let its group in: `mode 660 group GROUP` on the stats socket"
                .into()
        }
        _ => format!("{correct}, or the network and the firewalls on the way").into(),
    }
}

fn listener(address: &Address, at: &str) -> String {
    let bind = address.bind().unwrap_or_else(|| at.to_owned());
    format!("stats socket {bind} level user")
}

fn is_loopback(at: &str) -> bool {
    let host = at.rsplit_once(':').map_or(at, |(host, _)| host);
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    ip.map_or(host == "localhost", |ip| ip.is_loopback())
}

fn tested(version: &str) -> Point {
    let short = version::short(version).unwrap_or_default();
    let found = |what: &str| format!("HAProxy {version}{what}");
    match short {
        short if TRIED.contains(&short) => VERSION.ok(found(" is supported")),
        (0, 0) => VERSION.warning(found(": a version not known"), UPGRADE),
        short if short < version::FIRST => VERSION.error(found(" is too old"), UPGRADE),
        _ => VERSION.warning(found(" is not tested"), UPGRADE),
    }
}

const UPGRADE: &str = "run HAProxy 2.6 to 3.2";

fn level(address: &Address, level: Option<Level>) -> Point {
    match (address, level) {
        (Address::Tcp(at), Some(Level::Admin)) => {
            let who = match is_loopback(at) {
                true => "any user of this host",
                false => "any host that reaches it",
            };
            LEVEL.warning(
                format!("level admin over TCP: {who} may change every server"),
                Fix::paste(GLOBAL, listener(address, at)),
            )
        }
        (_, Some(Level::User)) => LEVEL.ok("level user: the agent can only read"),
        (_, Some(level)) => {
            let level = format!("{level:?}").to_lowercase();
            LEVEL.ok(format!("level {level}: user is enough"))
        }
        (_, None) => LEVEL.warning(
            "its level is not known",
            "in HAProxy's `global`: `level user` on the stats socket",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Warning};
    use super::*;
    use crate::haproxy::{Lost, Worker};

    fn seen() -> Examination {
        Examination {
            info: Worker {
                version: "2.6.12-1+deb12u4".into(),
                pid: 7,
                uptime: 5,
                started: 1,
            },
            level: Some(Level::User),
            found: Err(Lost::Unseen(Unseen::Truncated(String::new()))),
            mismatched: Vec::new(),
            elsewhere: Vec::new(),
            listed: Vec::new(),
            backends: Vec::new(),
            master: None,
        }
    }

    fn over(at: &str, seen: Result<Examination, Unseen>) -> Balancer {
        Balancer {
            name: at.to_owned(),
            address: Address::Tcp(at.into()),
            seen,
        }
    }

    #[test]
    fn versions_are_supported_untried_or_too_old() {
        for (said, verdict) in [
            ("2.6.12-1+deb12u4", Well),
            ("3.2-dev1", Well),
            ("3.0.11", Well),
            ("2.4.22", Warning),
            ("3.3.0", Warning),
            ("2.2.9-2+deb11u6", Error),
            ("1.8", Error),
            ("latest", Warning),
        ] {
            assert_eq!(tested(said).verdict, verdict, "{said}");
        }
    }

    /// The fix has a listener of the socket's family.
    #[test]
    fn only_admin_over_tcp_is_too_much() {
        let point = |at: &str, level| {
            let address = match at.starts_with('/') {
                true => Address::Unix(at.into()),
                false => Address::Tcp(at.into()),
            };
            super::level(&address, Some(level))
        };
        for (at, level) in [
            ("10.0.0.1:9999", Level::User),
            ("10.0.0.1:9999", Level::Operator),
            ("/run/lb.sock", Level::Admin),
        ] {
            assert_eq!(point(at, level).verdict, Well, "{at} {level:?}");
        }
        let (host, reaches) = ("any user of this host", "any host that reaches it");
        for (at, who, bind) in [
            ("127.0.0.1:9999", host, "ipv4@127.0.0.1:9999"),
            ("[::1]:9999", host, "ipv6@[::1]:9999"),
            ("localhost:9999", host, "localhost:9999"),
            ("10.0.0.1:9999", reaches, "ipv4@10.0.0.1:9999"),
            ("[fd00::1]:9999", reaches, "ipv6@[fd00::1]:9999"),
            ("lb.example:9999", reaches, "lb.example:9999"),
        ] {
            let point = point(at, Level::Admin);
            assert!(
                point.verdict == Warning && point.found.contains(who),
                "{at}: {point:?}"
            );
            let bind = format!("stats socket {bind} level user");
            assert!(point.fix.unwrap().ends_with(&bind), "{at}");
        }
    }

    #[test]
    fn a_master_has_a_point_if_the_configuration_has_one() {
        let of = |master| {
            let seen = Examination { master, ..seen() };
            let points = points(&over("10.0.0.1:9999", Ok(seen)));
            points.get(3).map(|point| (point.check, point.verdict))
        };
        let cut = Unseen::Truncated("show proc".into());
        let is = |verdict: Verdict| Some(("master-socket", verdict));
        assert_eq!(
            [None, Some(Ok(())), Some(Err(cut))].map(of),
            [None, is(Well), is(Error)]
        );
    }

    /// The kinds that the tests of broken set-ups do not cover.
    #[test]
    #[rustfmt::skip]
    fn each_kind_of_silence_has_its_fix() {
        let kind = |kind: ErrorKind| Unseen::Connect { kind, why: String::new() };
        for (at, why, fix) in [
            ("10.0.0.1:9999", kind(ErrorKind::HostUnreachable), "the firewalls on the way"),
            ("10.0.0.1:9999", Unseen::Denied("show info".into()), "level user"),
            ("10.0.0.1:9999", kind(ErrorKind::ConnectionRefused), "stats socket ipv4@10.0.0.1:9999 level user"),
            ("[fd00::1]:9999", kind(ErrorKind::ConnectionRefused), "stats socket ipv6@[fd00::1]:9999 level user"),
            ("lb.example:9999", kind(ErrorKind::ConnectionRefused), "stats socket lb.example:9999 level user"),
        ] {
            let point = points(&over(at, Err(why))).remove(0);
            assert!(point.fix.unwrap().contains(fix), "{fix}");
        }
    }
}
