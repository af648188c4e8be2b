//! The results of the users: they add theirs while they run, and the end sums them up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{complain, now};

/// The number of failures and moves in the summary.
const SHOWN: usize = 200;

/// The smallest share of the requested rate on a busy machine: hosts, HAProxy and users are all on
/// it, and a user waits for his answer.
const LEFT: f64 = 0.25;

#[derive(Debug, Default)]
pub struct Record {
    times: BTreeMap<&'static str, Vec<Duration>>,
    slowest: Option<(Duration, Event)>,
    failures: Vec<Event>,
    moves: Vec<Event>,
    reconnected: usize,
    served: BTreeMap<String, Served>,
}

/// An event of one user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// When the request ended.
    pub at: f64,
    /// When the request was sent, where that is of interest: for a move. Else the same.
    pub asked: f64,
    pub kind: String,
    pub what: String,
    /// The target and the version of an app that failed.
    pub by: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    pub seconds: f64,
    pub requests: usize,
    pub failed: usize,
    /// Requests a second, and how many were wanted.
    pub rate: f64,
    pub asked: f64,
    pub slowest_ms: f64,
    /// The slowest request, and the time of its answer.
    pub slowest: Option<Event>,
    /// Idle keep-alive connections that closed before the first byte of an answer to a repeatable
    /// request. The user connected again, as a browser does.
    pub reconnected: usize,
    /// Sticky users who got another server's cookie.
    pub moved: usize,
    pub kinds: BTreeMap<String, Kind>,
    pub failures: Vec<Event>,
    pub moves: Vec<Event>,
    /// The answers of each target and version, as in `web1/green 2`.
    pub served: BTreeMap<String, Served>,
}

/// The answers of one version.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Served {
    pub requests: usize,
    /// Unix seconds: the end of the first request, and the start and the end of the last one.
    pub first: f64,
    pub last_asked: f64,
    pub last: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kind {
    pub requests: usize,
    pub failed: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub slowest_ms: f64,
}

impl Record {
    /// A request that has ended, successfully or not.
    pub fn request(&mut self, kind: &'static str, took: Duration) {
        self.times.entry(kind).or_default().push(took);
        let slowest = self.slowest.as_ref();
        if slowest.is_none_or(|(slowest, _)| took > *slowest) {
            let what = format!("{:.2} s", took.as_secs_f64());
            self.slowest = Some((took, event(kind, what)));
        }
    }

    pub fn failure(&mut self, kind: &str, what: String, by: Option<String>) {
        complain(&format!("{kind}: {what}"));
        let event = event(kind, what);
        self.failures.push(Event { by, ..event });
    }

    pub fn moved(&mut self, from: &str, to: &str, asked: f64) {
        let event = event("sticky", format!("{from} -> {to}"));
        self.moves.push(Event { asked, ..event });
    }

    /// A whole answer of this version to a request that was sent then.
    pub fn served(&mut self, by: &str, asked: f64) {
        let ended = now();
        let served = self.served.entry(by.to_owned()).or_default();
        if served.requests == 0 {
            served.first = ended;
        }
        served.requests += 1;
        served.last_asked = served.last_asked.max(asked);
        served.last = ended;
    }

    pub fn reconnected(&mut self) {
        self.reconnected += 1;
    }

    pub fn summary(mut self, seconds: f64, asked: f64) -> Summary {
        let requests = self.times.values().map(Vec::len).sum();
        let names: Vec<_> = self.times.keys().copied().collect();
        let kinds: BTreeMap<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), self.kind(name)))
            .collect();
        let slowest = kinds.values().map(|kind| kind.slowest_ms);
        Summary {
            seconds,
            requests,
            failed: self.failures.len(),
            rate: requests as f64 / seconds,
            asked,
            slowest_ms: slowest.fold(0.0, f64::max),
            slowest: self.slowest.map(|(_, event)| event),
            reconnected: self.reconnected,
            moved: self.moves.len(),
            kinds,
            failures: self.failures.into_iter().take(SHOWN).collect(),
            moves: self.moves.into_iter().take(SHOWN).collect(),
            served: self.served,
        }
    }

    fn kind(&mut self, name: &str) -> Kind {
        let failures = self.failures.iter();
        let failed = failures.filter(|failure| failure.kind == name).count();
        let times = self.times.get_mut(name).expect("a known kind");
        times.sort_unstable();
        let at = |part: f64| {
            let index = (times.len() - 1) as f64 * part;
            times[index as usize].as_secs_f64() * 1000.0
        };
        Kind {
            requests: times.len(),
            failed,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            slowest_ms: at(1.0),
        }
    }
}

fn event(kind: &str, what: String) -> Event {
    let at = now();
    Event {
        at,
        asked: at,
        kind: kind.to_owned(),
        what,
        by: None,
    }
}

impl Summary {
    /// No user noticed: no request failed, and there really were users.
    pub fn assert_unnoticed(&self) {
        assert_eq!(self.failed, 0, "failed requests: {:#?}", self.failures);
        self.assert_enough();
    }

    /// There really were users.
    pub fn assert_enough(&self) {
        let (rate, asked) = (self.rate, self.asked);
        assert!(rate >= LEFT * asked, "only {rate:.0} of {asked} requests/s");
    }
}
